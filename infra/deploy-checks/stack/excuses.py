"""Reads checkov's report. Fails on findings that the template does not excuse, and on excuses without a finding.

    checkov ... -o json | python excuses.py
"""

import json
import sys

from support.translated import paths, template


def main():
    report = json.load(sys.stdin)
    reports = report if isinstance(report, list) else [report]
    results = [one["results"] for one in reports]
    failed = [check for one in results for check in one["failed_checks"]]
    skipped = {(check["resource"].rpartition(".")[2], check["check_id"]) for one in results for check in one["skipped_checks"]}
    passed = sum(len(one["passed_checks"]) for one in results)
    findings = [f"{check['check_id']} {check['resource']}: {check['check_name']}" for check in failed]
    for name, resource in [one for path in paths() for one in template(path)["Resources"].items()]:
        for excuse in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
            if not excuse.get("comment"):
                findings.append(f"{name}: {excuse['id']} is excused without a reason")
            if (name, excuse["id"]) not in skipped:
                findings.append(f"{name}: {excuse['id']} does not occur, so it needs no excuse")
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} excused with a reason")
    for finding in findings:
        print(f"  {finding}")
    raise SystemExit(1 if findings or not passed else 0)


if __name__ == "__main__":
    main()
