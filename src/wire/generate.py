#!/usr/bin/env python3
"""Generates the service models as C++ from the installed botocore.

For each service that operations.txt names: NAME.h and NAME.cc (typed requests and responses of the operations that are
implemented, with conversion from and to Value) and NAME_model.cc (the tables of wire/shape.h: full for what is
implemented, one row for every other operation). For all: services.cc.

    generate.py --operations operations.txt --out DIR [--list]

--list prints the files, separated by semicolons, and writes nothing. A file whose content would not change is left alone,
so that only what changed is compiled again.
"""
import argparse
import gzip
import json
import keyword
import os
import sys

SCALARS = {
    "string": ("kString", "std::string"),
    "character": ("kString", "std::string"),
    "integer": ("kInteger", "std::int64_t"),
    "long": ("kLong", "std::int64_t"),
    "float": ("kFloat", "double"),
    "double": ("kDouble", "double"),
    "boolean": ("kBoolean", "bool"),
    "timestamp": ("kTimestamp", "Time"),
    "blob": ("kBlob", "std::string"),
}
PROTOCOLS = {"json": "kJson", "rest-json": "kRestJson", "query": "kQuery", "rest-xml": "kRestXml"}
TIMESTAMPS = {"unixTimestamp": "kEpochSeconds", "iso8601": "kIso8601", "rfc822": "kHttpDate"}
LOCATIONS = {"uri": "kUri", "querystring": "kQuery", "header": "kHeader", "headers": "kHeaderPrefix", "statusCode": "kStatusCode"}
# Values that we add to an enum of a model: each is an extension of our own, described in docs/compatibility.md.
ENUM_EXTENSIONS = {("lambda", "Runtime"): ["usher"]}
# Shapes that are kept as the JSON that they came as: large, of no meaning here, and some of them hold themselves.
KEPT_AS_JSON = {("glue", "CodeGenConfigurationNodes")}
# Operations that people reach by a link in a mail, which nobody signs: the token in it is the proof.
LINKS = {("sns", "ConfirmSubscription"), ("sns", "Unsubscribe")}
CPP_KEYWORDS = set(keyword.kwlist) | {
    "delete", "default", "namespace", "class", "operator", "new", "template", "this", "union", "private", "public", "protected",
    "register", "switch", "case", "const", "int", "long", "short", "char", "float", "double", "bool", "void", "auto", "enum",
    "export", "extern", "inline", "mutable", "static", "struct", "typedef", "typename", "using", "virtual", "volatile",
}
BANNER = "// Made by src/wire/generate.py from the service models; do not edit.\n"


def read_operations(path):
    """{service: set of operation names}, in the file's order."""
    services = {}
    with open(path) as lines:
        for number, line in enumerate(lines, 1):
            words = line.split("#")[0].split()
            if not words:
                continue
            if len(words) > 2:
                sys.exit(f"{path}:{number}: expected 'service [operation]', got {line.strip()!r}")
            operations = services.setdefault(words[0], set())
            operations.update(words[1:])
    return services


def load_model(service):
    import botocore

    root = os.path.join(os.path.dirname(botocore.__file__), "data", service)
    folder = os.path.join(root, max(os.listdir(root)))
    plain = os.path.join(folder, "service-2.json")
    if os.path.exists(plain):
        with open(plain) as file:
            return json.load(file)
    with gzip.open(plain + ".gz") as file:
        return json.load(file)


def snake(name):
    from botocore import xform_name

    result = xform_name(name)
    return result + "_" if result in CPP_KEYWORDS else result


def quoted(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("??", "?\\?")
    return f'"{escaped}"'


def cpp_name(service):
    return service.replace("-", "_")


class Service:
    def __init__(self, name, operations):
        self.name = name
        self.model = load_model(name)
        self.shapes = self.model["shapes"]
        for (service, shape), values in ENUM_EXTENSIONS.items():
            if service == name:
                self.shapes[shape]["enum"] = self.shapes[shape]["enum"] + values
        for service, shape in KEPT_AS_JSON:
            if service == name:
                self.shapes[shape] = {"type": "structure", "members": {}, "document": True}
        unknown = sorted(operations - set(self.model["operations"]))
        if unknown:
            sys.exit(f"operations.txt: {name} has no operation {', '.join(unknown)}")
        self.implemented = sorted(operations)
        self.used = []  # shapes in an order in which each comes after those that it holds
        self.typed = set()  # those that need a C++ type: reached from requests and responses, not only from errors
        for operation in self.implemented:
            entry = self.model["operations"][operation]
            for end in ("input", "output"):
                if end in entry:
                    self.visit(entry[end]["shape"], ())
        self.typed = set(self.used)
        for operation in self.implemented:
            for error in self.model["operations"][operation].get("errors", []):
                self.visit(error["shape"], ())

    def visit(self, name, path):
        if name in path:
            sys.exit(f"{self.name}: shape {name} holds itself, which the generator cannot express yet")
        if name in self.used:
            return
        for member in self.children(name):
            self.visit(member["shape"], path + (name,))
        self.used.append(name)

    def children(self, name):
        shape = self.shapes[name]
        if shape["type"] == "structure":
            return list(shape["members"].values())
        return [shape[part] for part in ("member", "key", "value") if part in shape]

    def cpp_type(self, name, streaming=False):
        shape = self.shapes[name]
        kind = shape["type"]
        if streaming:
            return "Stream"
        if kind == "structure":
            return "Value" if shape.get("document") else name
        if kind == "list":
            return f"std::vector<{self.cpp_type(shape['member']['shape'])}>"
        if kind == "map":
            return f"std::map<std::string, {self.cpp_type(shape['value']['shape'])}>"
        return SCALARS[kind][1]

    def is_streaming(self, member):
        return bool(member.get("streaming") or self.shapes[member["shape"]].get("streaming"))

    # ---- typed structures ----

    def fields(self, name):
        shape = self.shapes[name]
        required = set(shape.get("required", []))
        for member_name, member in shape["members"].items():
            streaming = self.is_streaming(member)
            kind = self.cpp_type(member["shape"], streaming)
            yield member_name, snake(member_name), kind, member_name in required or streaming

    def struct(self, name):
        lines = [f"struct {name} {{"]
        for _, field, kind, plain in self.fields(name):
            if plain:
                initial = {"std::int64_t": " = 0", "double": " = 0", "bool": " = false"}.get(kind, "{}" if kind == "Time" else "")
                lines.append(f"  {kind} {field}{initial};")
            else:
                lines.append(f"  std::optional<{kind}> {field};")
        lines += [
            f"  static {name} FromValue(const Value& value);",
            "  [[nodiscard]] Value ToValue() const;",
            f"  bool operator==(const {name}&) const = default;",
            "};",
            "",
        ]
        return "\n".join(lines)

    def request_type(self, operation, end):
        entry = self.model["operations"][operation]
        if end in entry:
            return entry[end]["shape"]
        made = operation + ("Request" if end == "input" else "Response")
        if made in self.model["operations"]:  # as DeleteMethodResponse is, beside DeleteMethod
            made = operation + ("Input" if end == "input" else "Output")
        return made

    def header(self):
        api = cpp_name(self.name)
        out = [BANNER, f"// Typed requests and responses of {self.model['metadata']['serviceFullName']}.\n#pragma once\n"]
        out.append("#include <cstdint>\n#include <map>\n#include <optional>\n#include <string>\n#include <vector>\n")
        out.append('#include "base/value.h"\n#include "wire/shape.h"\n')
        out.append(f"namespace usher::api::{api} {{\n")
        structs = [n for n in self.used if n in self.typed and self.shapes[n]["type"] == "structure" and not self.shapes[n].get("document")]
        out += [self.struct(name) for name in structs]
        for operation in self.implemented:
            for end in ("input", "output"):
                if end not in self.model["operations"][operation]:
                    empty = self.request_type(operation, end)
                    out.append(f"struct {empty} {{\n  static {empty} FromValue(const Value& /*value*/) {{ return {{}}; }}\n"
                               f"  [[nodiscard]] Value ToValue() const {{ return ValueMap(); }}\n"
                               f"  bool operator==(const {empty}&) const = default;\n}};\n")
            if operation in structs:
                sys.exit(f"{self.name}: operation {operation} and a shape share one name")
            out.append(f"struct {operation} {{\n  using Request = {self.request_type(operation, 'input')};\n"
                       f"  using Response = {self.request_type(operation, 'output')};\n"
                       f"  static const wire::Operation& operation();\n}};\n")
        out.append(f"}}  // namespace usher::api::{api}\n")
        return "\n".join(out)

    def source(self):
        api = cpp_name(self.name)
        out = [BANNER, f'#include "wire/{api}.h"\n', '#include "wire/convert.h"\n', f"namespace usher::api::{api} {{\n"]
        for name in self.used:
            if name not in self.typed or self.shapes[name]["type"] != "structure" or self.shapes[name].get("document"):
                continue
            fields = list(self.fields(name))
            argument = "value" if fields else "/*value*/"
            out.append(f"{name} {name}::FromValue(const Value& {argument}) {{\n  {name} result;")
            out += [f"  wire::ReadMember(value, {quoted(member)}, result.{field});" for member, field, _, _ in fields]
            out.append("  return result;\n}\n")
            out.append(f"Value {name}::ToValue() const {{\n  ValueMap map;")
            if fields:
                out.append(f"  map.reserve({len(fields)});")
            out += [f"  wire::WriteMember(map, {quoted(member)}, {field});" for member, field, _, _ in fields]
            out.append("  return map;\n}\n")
        out.append(f"}}  // namespace usher::api::{api}\n")
        return "\n".join(out)

    # ---- tables ----

    def member_entry(self, name, member, default_wire_name, required=False):
        target = self.shapes[member["shape"]]
        wire_name = member.get("locationName", default_wire_name)
        flattened = bool(member.get("flattened") or target.get("flattened"))
        if flattened and target["type"] == "list" and "locationName" in target["member"]:
            wire_name = target["member"]["locationName"]
        entry = [f".name = {quoted(name)}", f".wire_name = {quoted(wire_name)}", f".shape = &{member['shape']}"]
        if member.get("location") in LOCATIONS:
            entry.append(f".location = Location::{LOCATIONS[member['location']]}")
        flags = {"required": required, "flattened": flattened, "xml_attribute": member.get("xmlAttribute"),
                 "json_value": member.get("jsonvalue"), "streaming": self.is_streaming(member), "host_label": member.get("hostLabel")}
        entry += [f".{flag} = true" for flag, on in flags.items() if on]
        if "timestampFormat" in member:
            entry.append(f".timestamp = TimestampFormat::{TIMESTAMPS[member['timestampFormat']]}")
        namespace = member.get("xmlNamespace")
        if "prefix" in target.get("xmlNamespace", {}):  # that of the shape's attributes, such as xsi:type
            namespace = target["xmlNamespace"]
        if namespace:
            entry.append(f".xml_namespace = {quoted(namespace['uri'] if isinstance(namespace, dict) else namespace)}")
        return "{" + ", ".join(entry) + "}"

    def shape_tables(self, name):
        shape = self.shapes[name]
        kind = shape["type"]
        before, fields = [], [f".name = {quoted(name)}"]
        if kind == "structure":
            fields.append(".kind = ShapeKind::kStructure")
            required = set(shape.get("required", []))
            rows = [self.member_entry(n, m, n, n in required) for n, m in shape["members"].items()]
            if rows:
                before.append(f"constexpr Member {name}_members[] = {{\n    " + ",\n    ".join(rows) + "};")
                fields.append(f".members = {name}_members")
            if "payload" in shape:
                fields.append(f".payload = {quoted(shape['payload'])}")
        elif kind == "list":
            fields.append(".kind = ShapeKind::kList")
            before.append(f"constexpr Member {name}_element = {self.member_entry('member', shape['member'], 'member')};")
            fields.append(f".element = &{name}_element")
        elif kind == "map":
            fields.append(".kind = ShapeKind::kMap")
            for part in ("key", "value"):
                before.append(f"constexpr Member {name}_{part} = {self.member_entry(part, shape[part], part)};")
                fields.append(f".{part} = &{name}_{part}")
        else:
            fields.append(f".kind = ShapeKind::{SCALARS[kind][0]}")
        fields += [f".{bound} = {float(shape[bound])!r}" for bound in ("min", "max") if bound in shape]
        if "pattern" in shape:
            fields.append(f".pattern = {quoted(shape['pattern'])}")
        if "enum" in shape:
            before.append(f"constexpr std::string_view {name}_enumeration[] = {{" + ", ".join(quoted(v) for v in shape["enum"]) + "};")
            fields.append(f".enumeration = {name}_enumeration")
        if "timestampFormat" in shape:
            fields.append(f".timestamp = TimestampFormat::{TIMESTAMPS[shape['timestampFormat']]}")
        fields += [f".{flag} = true" for flag, key in (("is_union", "union"), ("is_document", "document"), ("flattened", "flattened")) if shape.get(key)]
        if shape.get("exception"):
            error = shape.get("error", {})
            fields.append(f".error_code = {quoted(error.get('code', name))}")
            if "httpStatusCode" in error:
                fields.append(f".error_status = {error['httpStatusCode']}")
        before.append(f"constinit const Shape {name} = {{" + ", ".join(fields) + "};\n")
        return "\n".join(before)

    def operation_row(self, name):
        entry = self.model["operations"][name]
        http = entry["http"]
        row = [f".name = {quoted(name)}", f".method = {quoted(http['method'])}", f".uri = {quoted(http['requestUri'])}"]
        if http.get("responseCode", 200) != 200:
            row.append(f".success_status = {http['responseCode']}")
        row.append(".service = &kService")
        if name in self.implemented:
            for end in ("input", "output"):
                if end in entry:
                    row.append(f".{end} = &{entry[end]['shape']}")
            if "locationName" in entry.get("input", {}):
                row.append(f".input_element = {quoted(entry['input']['locationName'])}")
            if "xmlNamespace" in entry.get("input", {}):
                row.append(f".input_namespace = {quoted(entry['input']['xmlNamespace']['uri'])}")
            if "resultWrapper" in entry.get("output", {}):
                row.append(f".result_wrapper = {quoted(entry['output']['resultWrapper'])}")
            if entry.get("errors"):
                row.append(f".errors = k{name}Errors")
            row.append(".implemented = true")
        if entry.get("httpChecksumRequired") or entry.get("httpChecksum", {}).get("requestChecksumRequired"):
            row.append(".checksum_required = true")
        if entry.get("authtype") == "none":
            row.append(".unsigned_allowed = true")
        if (self.name, name) in LINKS:
            row.append(".unsigned_allowed = true, .is_link = true")
        return "{" + ", ".join(row) + "}"

    def tables(self):
        api = cpp_name(self.name)
        meta = self.model["metadata"]
        protocol = next((p for p in [meta["protocol"], *meta.get("protocols", [])] if p in PROTOCOLS), None)
        if protocol is None:
            sys.exit(f"{self.name}: none of its protocols is known: {meta.get('protocols')}")
        namespace = meta.get("xmlNamespace", "")
        if self.name == "s3":
            namespace = "http://s3.amazonaws.com/doc/2006-03-01/"  # absent from the model's metadata
        service = "wire::Service" if "Service" in self.used else "Service"  # X-Ray's model has a shape of that name
        out = [BANNER, f'#include "wire/{api}.h"\n', f"namespace usher::wire::model_{api} {{\nnamespace {{\n", f"extern const {service} kService;\n"]
        out += [f"extern const Shape {name};" for name in self.used]
        out.append("")
        out += [self.shape_tables(name) for name in self.used]
        for operation in self.implemented:
            errors = self.model["operations"][operation].get("errors", [])
            if errors:
                out.append(f"constexpr const Shape* k{operation}Errors[] = {{" + ", ".join("&" + e["shape"] for e in errors) + "};")
        names = sorted(self.model["operations"])
        out.append("constexpr Operation kOperations[] = {\n    " + ",\n    ".join(self.operation_row(n) for n in names) + "};\n")
        out.append(f"constinit const {service} kService = {{"
                   f".id = {quoted(self.name)}, .title = {quoted(meta['serviceFullName'])}, "
                   f".signing_name = {quoted(meta.get('signingName', meta['endpointPrefix']))}, "
                   f".endpoint_prefix = {quoted(meta['endpointPrefix'])}, .target_prefix = {quoted(meta.get('targetPrefix', ''))}, "
                   f".api_version = {quoted(meta['apiVersion'])}, .xml_namespace = {quoted(namespace)}, "
                   f".protocol = Protocol::{PROTOCOLS[protocol]}, .json_version = {quoted(meta.get('jsonVersion', '') if protocol == 'json' else '')}, "
                   ".operations = kOperations};\n")
        out.append(f"}}  // namespace\n\nconst {service}& Get() {{ return kService; }}\n\n}}  // namespace usher::wire::model_{api}\n")
        out.append(f"namespace usher::api::{api} {{\n")
        for operation in self.implemented:
            out.append(f"const wire::Operation& {operation}::operation() {{ return wire::model_{api}::kOperations[{names.index(operation)}]; }}")
        out.append(f"\n}}  // namespace usher::api::{api}\n")
        return "\n".join(out)


def services_source(names):
    out = [BANNER, '#include "wire/shape.h"\n', "namespace usher::wire {\n"]
    out += [f"namespace model_{cpp_name(n)} {{ const Service& Get(); }}" for n in names]
    out.append("\nstd::span<const Service* const> AllServices() {\n  static const Service* const services[] = {")
    out += [f"      &model_{cpp_name(n)}::Get()," for n in names]
    out.append("  };\n  return services;\n}\n\n}  // namespace usher::wire\n")
    return "\n".join(out)


def write_if_changed(path, text):
    if os.path.exists(path):
        with open(path) as file:
            if file.read() == text:
                return
    with open(path, "w") as file:
        file.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operations", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    services = read_operations(arguments.operations)
    if arguments.list:
        files = [f"{cpp_name(n)}{end}" for n in services for end in (".h", ".cc", "_model.cc")] + ["services.cc"]
        print(";".join(os.path.join(arguments.out, f) for f in files))
        return
    os.makedirs(arguments.out, exist_ok=True)
    for name, operations in services.items():
        service = Service(name, operations)
        base = os.path.join(arguments.out, cpp_name(name))
        write_if_changed(base + ".h", service.header())
        write_if_changed(base + ".cc", service.source())
        write_if_changed(base + "_model.cc", service.tables())
    write_if_changed(os.path.join(arguments.out, "services.cc"), services_source(list(services)))


if __name__ == "__main__":
    main()
