//! `template.yaml` and its nested templates as values: tags in their long form, functions resolved for a stack with the default
//! parameters.

use std::path::Path;

use aws_smithy_types::base64;
use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value, json};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "sa-east-1";

/// A template and the values of its parameters.
pub struct Template {
    root: Value,
    parameters: Map<String, Value>,
}

impl Template {
    /// Reads `template.yaml`, with its defaults.
    pub fn read() -> Self {
        let root = parse("template.yaml");
        let declared = root["Parameters"].as_object().expect("the template has parameters");
        let parameters = declared.iter().map(|(name, parameter)| (name.clone(), parameter["Default"].clone())).collect();
        Self { root, parameters }
    }

    /// Reads the template of a nested stack, with the parameters that this one passes to it.
    pub fn nested(&self, name: &str) -> Self {
        let stack = self.resource(name);
        let parameters = stack["Parameters"].as_object().expect("a nested stack has parameters").clone();
        Self { root: parse(&text(&stack["Location"])), parameters }
    }

    /// Reads `template.yaml` and its nested templates.
    pub fn all() -> Vec<Self> {
        let root = Self::read();
        let stacks = root.section("Resources").iter().filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Application");
        let nested: Vec<_> = stacks.map(|(name, _)| root.nested(name)).collect();
        [root].into_iter().chain(nested).collect()
    }

    /// Returns everything except the resources.
    pub fn without_resources(&self) -> Value {
        let sections = self.root.as_object().expect("a template has sections").iter();
        sections
            .filter(|(name, _)| *name != "Resources")
            .map(|(name, section)| (name.clone(), section.clone()))
            .collect::<Map<_, _>>()
            .into()
    }

    /// Returns an output, with its functions resolved.
    pub fn output(&self, name: &str) -> Value {
        let output = self.section("Outputs").get(name).unwrap_or_else(|| panic!("the template has no output {name}"));
        self.resolve(&output["Value"])
    }

    /// Returns a section such as `Parameters`.
    pub fn section(&self, name: &str) -> &Map<String, Value> {
        self.root[name].as_object().unwrap_or_else(|| panic!("the template has no {name}"))
    }

    /// Returns the properties of a resource, with their functions resolved.
    pub fn resource(&self, name: &str) -> Value {
        self.resolve(&self.section("Resources")[name]["Properties"])
    }

    /// Returns the environment of a function: names with values.
    pub fn environment(&self, function: &str) -> Vec<(String, String)> {
        let variables = self.resource(function)["Environment"]["Variables"].clone();
        let variables = variables.as_object().expect("a function has variables");
        variables.iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }

    /// Returns a value with its functions resolved.
    pub fn resolve(&self, value: &Value) -> Value {
        match value {
            Value::Object(object) => match (object.len(), object.iter().next()) {
                (1, Some((function, argument))) if function == "Ref" || function.starts_with("Fn::") => self.call(function, argument),
                _ => object.iter().map(|(name, member)| (name.clone(), self.resolve(member))).collect::<Map<_, _>>().into(),
            },
            Value::Array(items) => items.iter().map(|item| self.resolve(item)).filter(|item| !item.is_null()).collect(),
            other => other.clone(),
        }
    }

    fn call(&self, function: &str, argument: &Value) -> Value {
        match (function, argument) {
            ("Ref", Value::String(name)) => self.named(name),
            ("Fn::Sub", Value::String(text)) => self.substitute(text, &Value::Null).into(),
            ("Fn::Sub", Value::Array(parts)) => self.substitute(&text(&parts[0]), &parts[1]).into(),
            ("Fn::Base64", value) => base64::encode(text(&self.resolve(value))).into(),
            ("Fn::GetAtt", Value::String(path)) => {
                let (resource, attribute) = path.split_once('.').expect("a resource and its attribute");
                self.attribute(resource, attribute)
            }
            ("Fn::Split", Value::Array(parts)) => text(&self.resolve(&parts[1])).split(&text(&parts[0])).collect::<Vec<_>>().into(),
            ("Fn::Join", Value::Array(parts)) => {
                let items = self.resolve(&parts[1]);
                items.as_array().expect("a list").iter().map(text).collect::<Vec<_>>().join(&text(&parts[0])).into()
            }
            ("Fn::If", Value::Array(parts)) => {
                let holds = self.resolve(&self.root["Conditions"][text(&parts[0])]) == true;
                self.resolve(&parts[if holds { 1 } else { 2 }])
            }
            ("Fn::Equals", Value::Array(parts)) => (text(&self.resolve(&parts[0])) == text(&self.resolve(&parts[1]))).into(),
            ("Fn::Not", Value::Array(parts)) => (self.resolve(&parts[0]) != true).into(),
            ("Fn::FindInMap", Value::Array(parts)) => {
                let keys = parts.iter().map(|part| text(&self.resolve(part)));
                keys.fold(&self.root["Mappings"], |map, key| &map[key]).clone()
            }
            _ => panic!("{function} of {argument} is not supported here"),
        }
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Value {
        match (attribute, attribute.strip_prefix("Outputs.")) {
            (_, Some(output)) => self.nested(resource).output(output),
            ("Arn", _) => self.arn(resource).into(),
            ("QueueName", _) => self.own_name(resource).into(),
            _ => format!("{resource}.{attribute}").into(),
        }
    }

    fn named(&self, name: &str) -> Value {
        if let Some((resource, attribute)) = name.split_once('.') {
            return self.attribute(resource, attribute);
        }
        match name {
            "AWS::AccountId" => ACCOUNT.into(),
            "AWS::Region" => REGION.into(),
            "AWS::Partition" => "aws".into(),
            "AWS::NoValue" => Value::Null,
            _ => match self.parameters.get(name) {
                None if self.kind(name) == "AWS::SecretsManager::Secret" => self.arn(name).into(),
                None => self.own_name(name).into(),
                Some(value) => value.clone(),
            },
        }
    }

    /// Replaces the placeholders of `Fn::Sub`; `own` has the values of those that the template does not declare.
    fn substitute(&self, template: &str, own: &Value) -> String {
        let mut parts = template.split("${");
        let mut result = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').expect("a placeholder ends");
            result += &match name.strip_prefix('!') {
                Some(literal) => format!("${{{literal}}}"),
                None if !own[name].is_null() => text(&self.resolve(&own[name])),
                None => text(&self.named(name)),
            };
            result += rest;
        }
        result
    }

    fn kind(&self, resource: &str) -> &str {
        self.root["Resources"][resource]["Type"].as_str().unwrap_or_else(|| panic!("the template has no {resource}"))
    }

    fn own_name(&self, resource: &str) -> String {
        let properties = &self.root["Resources"][resource]["Properties"];
        let names =
            ["BucketName", "QueueName", "FunctionName", "LogGroupName", "TopicName", "DashboardName", "Name"].map(|name| &properties[name]);
        let name = names.into_iter().chain([&properties["DatabaseInput"]["Name"]]).find(|name| !name.is_null());
        name.map_or_else(|| format!("{resource}-generated"), |name| text(&self.resolve(name)))
    }

    fn arn(&self, resource: &str) -> String {
        let name = self.own_name(resource);
        match self.kind(resource) {
            "AWS::S3::Bucket" => format!("arn:aws:s3:::{name}"),
            "AWS::SecretsManager::Secret" => format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}"),
            kind => format!("arn:aws:{kind}:{name}"),
        }
    }
}

fn parse(path: &str) -> Value {
    let text = read(path).unwrap_or_else(|| panic!("there is no {path}"));
    let documents = Yaml::load_from_str(&text).unwrap_or_else(|error| panic!("{path} is not YAML: {error}"));
    to_json(&documents[0])
}

/// Reads a file of the repository; `None` if there is none.
pub fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).ok()
}

/// A scalar as CloudFormation would pass it on.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A list that, as in policies, may also be a single value.
pub fn items(value: &Value) -> Vec<String> {
    value.as_array().map_or_else(|| vec![text(value)], |items| items.iter().map(text).collect())
}

fn to_json(node: &Yaml) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::FloatingPoint(value)) => value.into_inner().into(),
        Yaml::Value(Scalar::String(value)) => value.as_ref().into(),
        Yaml::Sequence(items) => items.iter().map(to_json).collect(),
        Yaml::Mapping(members) => {
            members.iter().map(|(name, member)| (text(&to_json(name)), to_json(member))).collect::<Map<_, _>>().into()
        }
        Yaml::Tagged(tag, node) => {
            let function = if tag.suffix == "Ref" { tag.suffix.clone() } else { format!("Fn::{}", tag.suffix) };
            json!({ function: to_json(node) })
        }
        other => panic!("the template holds {other:?}"),
    }
}
