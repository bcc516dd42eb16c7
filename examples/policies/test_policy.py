"""Tests of policy.py: python3 -m unittest discover examples/policies"""

import io
import json
import pathlib
import subprocess
import sys
import unittest

import policy

FREE = {"cpu": 0, "memory_mib": 4096, "gpus": 0, "interfaces": 0, "disk_mib": 0}


def hosts(ids, memory_mib=4096, cpu=0, tasks=0, zone_tasks=0):
    """Hosts that look alike."""
    free = {**FREE, "memory_mib": memory_mib, "cpu": cpu}
    return {"ids": ids, "free": free, "tasks": tasks, "zone_tasks": zone_tasks}


class Spread(unittest.TestCase):
    def test_zones_come_before_hosts(self):
        crowded_zone, crowded_host = hosts([0], tasks=0, zone_tasks=3), hosts([5], tasks=2, zone_tasks=2)
        self.assertEqual(policy.spread({"hosts": [crowded_zone, crowded_host]}), 5)

    def test_in_a_zone_the_host_with_fewest_tasks(self):
        self.assertEqual(policy.spread({"hosts": [hosts([0], tasks=2), hosts([1], tasks=1), hosts([2], tasks=3)]}), 1)

    def test_of_equals_the_lowest_id(self):
        # The order of the hosts in the decision is another: least free first.
        self.assertEqual(policy.spread({"hosts": [hosts([7, 8], memory_mib=100), hosts([3, 9], memory_mib=200)]}), 3)


class Binpack(unittest.TestCase):
    def test_least_free_memory_then_least_free_cpu(self):
        self.assertEqual(policy.binpack({"hosts": [hosts([0], 300), hosts([1], 200, 9), hosts([2], 200, 8)]}), 2)

    def test_of_equals_the_lowest_id(self):
        self.assertEqual(policy.binpack({"hosts": [hosts([4, 6]), hosts([2], tasks=1)]}), 2)


class Protocol(unittest.TestCase):
    def test_a_hello_a_decision_and_a_batch(self):
        decision = {"hosts": [hosts([3])]}
        lines = [{"seatrial": "0.1.0", "protocol": 1, "features": ["batch"]}, {"decision": decision, "id": 1}]
        lines.append({"decisions": [decision, {"hosts": [hosts([0])]}], "id": 2})
        out = io.StringIO()
        policy.main("spread", [json.dumps(line) for line in lines], out)
        answers = [json.loads(line) for line in out.getvalue().splitlines()]
        hello = {"protocol": 1, "name": "spread", "features": ["batch"]}
        self.assertEqual(answers, [hello, {"id": 1, "host": 3}, {"id": 2, "hosts": [3, 0]}])

    def test_it_ends_with_its_input_and_names_its_policies(self):
        file = pathlib.Path(policy.__file__)
        ended = subprocess.run([sys.executable, file, "spread"], input="", text=True, capture_output=True, check=False)
        self.assertEqual((ended.returncode, ended.stdout), (0, ""))
        wrong = subprocess.run([sys.executable, file, "sprad"], input="", text=True, capture_output=True, check=False)
        self.assertEqual((wrong.returncode, wrong.stderr), (1, "usage: policy.py spread|binpack\n"))


if __name__ == "__main__":
    unittest.main()
