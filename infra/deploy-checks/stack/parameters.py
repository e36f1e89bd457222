"""Checks the parameters: defaults match their own patterns, nested templates take their values from the root, samconfig.toml sets only
existing ones, and `sam deploy --guided`, which writes every value into samconfig.toml, reads back what it wrote."""

import re
import tomllib

from samcli.cli.types import CfnParameterOverridesType
from samcli.commands.deploy.guided_config import GuidedConfig

from support.translated import ROOT, nested, template


def refusals(name, declared, value):
    """Yields the reasons why CloudFormation would refuse the value."""
    if "AllowedValues" in declared and value not in map(str, declared["AllowedValues"]):
        yield f"{name}={value} is not one of {declared['AllowedValues']}"
    if "AllowedPattern" in declared and not re.fullmatch(declared["AllowedPattern"], value):
        yield f"{name}={value} does not match {declared['AllowedPattern']}"
    if len(value) > declared.get("MaxLength", len(value)):
        yield f"{name} has {len(value)} characters, at most {declared['MaxLength']} are allowed"
    if declared["Type"] == "Number" and not declared.get("MinValue", float(value)) <= float(value) <= declared.get("MaxValue", float(value)):
        yield f"{name}={value} is out of bounds"


def explained(name, declared):
    if not declared.get("Description"):
        yield f"{name} has no Description"
    if "Default" not in declared:
        yield f"{name} has no Default"
    if not {"AllowedValues", "AllowedPattern", "MinValue"} & declared.keys():
        yield f"{name} accepts any value"
    if {"AllowedPattern", "MinValue"} & declared.keys() and "ConstraintDescription" not in declared:
        yield f"{name} has no ConstraintDescription"


def handed_down(name, passed, declared, in_root):
    """Checks that a nested template's parameters have the same name and value everywhere; cfn-lint checks that all of them are passed."""
    for parameter, value in passed.items():
        source = value.get("Ref") or value["Fn::GetAtt"][0]
        if source != parameter:
            yield f"{name}.{parameter} is the root's {source}: use the same name"
    for parameter, one in declared.items():
        if "Default" in one:
            yield f"{name}.{parameter} has a default, which could differ from the root's"
        if not one.get("MinLength") and in_root.get(parameter, {}).get("Default") != "":
            yield f"{name}.{parameter} may be empty: the root stack could be updated to this template by mistake"


def main():
    source = template()
    declared = source["Parameters"]
    findings = []
    for name, one in declared.items():
        default = str(one.get("Default", ""))
        findings += [*explained(name, one), *refusals(name, one, default)]
        written = f"{name}={GuidedConfig.quote_parameter_values(default)}"
        if CfnParameterOverridesType().convert([written], None, None) != {name: default}:
            findings.append(f"sam deploy --guided would write {written} but read back something else")
    grouped = [name for group in source["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"] for name in group["Parameters"]]
    if sorted(grouped) != sorted(declared):
        findings.append(f"the console's groups and the parameters differ in {set(grouped) ^ set(declared)}")
    for name, path in nested(source).items():
        findings += handed_down(name, source["Resources"][name]["Properties"]["Parameters"], template(path)["Parameters"], declared)
    stages = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    stages.pop("version")
    for stage, commands in stages.items():
        deploy = commands["deploy"]["parameters"]
        values = CfnParameterOverridesType().convert([deploy["parameter_overrides"]], None, None)
        for name, value in values.items():
            findings += [f"{stage}: {finding}" for finding in refusals(name, declared[name], value)] if name in declared else [f"{stage}: no parameter {name}"]
        if not (ROOT / deploy["template_file"]).exists():
            findings.append(f"{stage}: there is no {deploy['template_file']}")
    print(f"{len(declared)} parameters, stages {', '.join(stages)}")
    for finding in findings:
        print(f"  {finding}")
    raise SystemExit(1 if findings else 0)


if __name__ == "__main__":
    main()
