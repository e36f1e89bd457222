"""template.yaml and its nested templates as CloudFormation gets them: SAM's translation of each, with the values of a stack."""

import base64
import functools
import json
import re
import shutil
from pathlib import Path

import boto3
import samtranslator.model.naming  # noqa: F401  imported first: the package's own imports are circular
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

ROOT = Path(__file__).resolve().parents[3]
ACCOUNT, REGION = "123456789012", "sa-east-1"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "checked",
}
NOTHING = object()  # AWS::NoValue


def template(path="template.yaml"):
    return yaml_parse((ROOT / path).read_text(encoding="utf-8"))


def nested(source):
    """Returns the logical names and paths of the templates nested in one."""
    applications = {name: one for name, one in source["Resources"].items() if one["Type"] == "AWS::Serverless::Application"}
    return {name: one["Properties"]["Location"] for name, one in applications.items()}


def paths():
    """Returns the path of every template of the repository."""
    return ["template.yaml", *nested(template()).values()]


def translate(source):
    """Applies the transform AWS::Serverless-2016-10-31 to the template as `sam deploy` sends it."""
    for resource in source["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://artifacts/bootstrap.zip"
    session = boto3.session.Session(region_name=REGION)
    # Deliberately without managed policies: a role that uses one causes an error.
    return Translator({}, Parser(), boto_session=session).translate(source, {})


@functools.cache
def translated_file(path):
    return translate(template(path))


class Stack:
    """A translated template and its nested ones with every function resolved, for one set of parameters."""

    def __init__(self, translated, **parameters):
        self.translated = translated
        declared = translated["Parameters"]
        unknown = parameters.keys() - declared.keys()
        missing = {name for name, one in declared.items() if "Default" not in one} - parameters.keys()
        if unknown or missing:
            raise SystemExit(f"no such parameters: {sorted(unknown)}; parameters without a value: {sorted(missing)}")
        self.parameters = {name: str(parameters.get(name, one.get("Default", ""))) for name, one in declared.items()}
        present = {
            name: resource
            for name, resource in translated["Resources"].items()
            if self.condition(resource.get("Condition"))
        }
        self.types = {name: resource["Type"] for name, resource in present.items()}
        self.present = present
        stacks = {name: self.properties(name) for name, type_ in self.types.items() if type_ == "AWS::CloudFormation::Stack"}
        self.nested = {name: Stack(translated_file(one["TemplateURL"]), **one["Parameters"]) for name, one in stacks.items()}

    def resources(self):
        """Yields logical name, type and resolved properties of all resources, including nested ones."""
        for name, type_ in self.types.items():
            yield name, type_, self.properties(name)
        for stack in self.nested.values():
            yield from stack.resources()

    def of_type(self, kind):
        """Returns the logical names and resolved properties of all resources of a type."""
        found = [(name, properties) for name, type_, properties in self.resources() if type_ == kind]
        if len(dict(found)) < len(found):
            raise SystemExit(f"two templates use one name for {kind}: {sorted(name for name, _ in found)}")
        return dict(found)

    def outputs(self):
        return {name: self.resolve(one["Value"]) for name, one in self.translated.get("Outputs", {}).items()}

    def properties(self, name):
        return self.resolve(self.present[name].get("Properties", {}))

    def condition(self, name):
        return name is None or self.resolve(self.translated["Conditions"][name])

    def resolve(self, value):
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (function, argument), = value.items()
            method = getattr(self, "fn_" + function.removeprefix("Fn::").lower(), None)
            if method and (function == "Ref" or function.startswith("Fn::")):
                return method(argument)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NOTHING}

    def fn_ref(self, name):
        if name == "AWS::NoValue":
            return NOTHING
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.parameters:
            return self.parameters[name]
        return self.attribute(name, "Ref")

    def fn_getatt(self, argument):
        name, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
        return self.attribute(name, attribute)

    def fn_sub(self, argument):
        text, values = argument if isinstance(argument, list) else (argument, {})

        def value(match):
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in values:
                return self.resolve(values[name])
            return self.fn_getatt(name) if "." in name else self.fn_ref(name)

        return re.sub(r"\$\{([^}]+)\}", value, text)

    def fn_join(self, argument):
        separator, items = argument
        return separator.join(self.resolve(items))

    def fn_base64(self, argument):
        return base64.b64encode(self.resolve(argument).encode()).decode()

    def fn_split(self, argument):
        separator, text = argument
        return self.resolve(text).split(separator)

    def fn_findinmap(self, argument):
        mapping, first, second = map(self.resolve, argument)
        return self.translated["Mappings"][mapping][first][second]

    def fn_if(self, argument):
        name, yes, no = argument
        return self.resolve(yes if self.condition(name) else no)

    def fn_equals(self, argument):
        left, right = map(self.resolve, argument)
        return str(left) == str(right)

    def fn_not(self, argument):
        return not self.resolve(argument[0])

    def attribute(self, name, attribute):
        if name not in self.types:
            raise SystemExit(f"{name}.{attribute} is used, but with these parameters there is no such resource")
        kind = self.types[name].rpartition("::")[2]
        if kind == "Stack":
            outputs, _, output = attribute.partition(".")
            if outputs != "Outputs" or output not in self.nested[name].outputs():
                raise SystemExit(f"{name}.{attribute} is used, but that stack has no such output")
            return self.nested[name].outputs()[output]
        if kind in ("Role",):
            own = f"{name}-GENERATED"
        else:
            own = self.own_name(name)
        arn = {
            "Bucket": f"arn:aws:s3:::{own}",
            "Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{own}",
            "Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{own}",
            "Role": f"arn:aws:iam::{ACCOUNT}:role/{own}",
            "LogGroup": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{own}:*",
            "Secret": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{own}-AbCdEf",
            "Topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:{own}",
        }.get(kind)
        if attribute == "Ref":
            by_ref = {"Queue": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{own}", "Secret": arn, "Topic": arn}
            return by_ref.get(kind, own)
        if attribute == "QueueName":
            return own
        if attribute != "Arn" or arn is None:
            raise SystemExit(f"{name}.{attribute} is not supported by {Path(__file__).name}")
        return arn

    def own_name(self, name):
        properties = self.present[name]["Properties"]
        names = ("BucketName", "QueueName", "FunctionName", "LogGroupName", "TopicName", "DashboardName", "Name")
        own = next((properties[key] for key in names if key in properties), None)
        if own is None and "DatabaseInput" in properties:
            own = properties["DatabaseInput"]["Name"]
        return self.resolve(own) if own is not None else f"{name}-GENERATED"


def main():
    folder = ROOT / "target" / "deploy-checks" / "translated"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in paths():
        translated = translate(template(path))
        for resource in translated["Resources"].values():
            if resource["Type"] == "AWS::CloudFormation::Stack":
                resource["Properties"]["TemplateURL"] = "https://s3.amazonaws.com/artifacts/stack.template"  # as `sam deploy` replaces it
        out = (folder / Path(path).name).with_suffix(".json")
        out.write_text(json.dumps(translated, indent=1, ensure_ascii=False), encoding="utf-8")
        print(f"{path}: {len(translated['Resources'])} resources in {out.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
