#!/usr/bin/env python3
"""Placement policies for Seatrial, in a file to copy: `policy.py spread` or `policy.py binpack`.

Seatrial asks over standard input, a line for each decision, and reads the answer from standard output. docs/policies.md says what
every field means. Print nothing else on standard output; what is printed on standard error is shown when something goes wrong.
"""

import json
import sys


def spread(decision):
    """The zone with fewest tasks of the service, in it the host with fewest, of equals the one launched first."""
    return best(decision, lambda host: (host["zone_tasks"], host["tasks"]))


def binpack(decision):
    """The host with least free memory, then least free cpu, of equals the one launched first."""
    return best(decision, lambda host: (host["free"]["memory_mib"], host["free"]["cpu"]))


def best(decision, score):
    """The lowest id among the hosts with the lowest score. Hosts that look alike stand together, lowest id first."""
    return min((score(alike), alike["ids"][0]) for alike in decision["hosts"])[1]


POLICIES = {"spread": spread, "binpack": binpack}


def answer(request, name):
    """What there is to say to a line."""
    if "decision" in request:
        return {"id": request["id"], "host": POLICIES[name](request["decision"])}
    if "decisions" in request:
        return {"id": request["id"], "hosts": [POLICIES[name](decision) for decision in request["decisions"]]}
    return {"protocol": 1, "name": name, "features": ["batch"]}


def main(name, lines, out):
    for line in lines:
        print(json.dumps(answer(json.loads(line), name)), file=out, flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == [] or sys.argv[1] not in POLICIES:
        sys.exit("usage: policy.py " + "|".join(POLICIES))
    main(sys.argv[1], sys.stdin, sys.stdout)
