"""Every operator beside the standard's schemas: each version is there and takes the standard's attributes and inputs."""

import onnx
import pytest

from laminae.ops.registry import FOLDERS, find, module_name

MAIN = [s for s in onnx.defs.get_all_schemas_with_history() if s.domain == ""]
LIVE = sorted({s.name for s in onnx.defs.get_all_schemas() if s.domain == "" and not s.deprecated})


def known(schema):
    return find(schema.domain, schema.name, schema.since_version)


@pytest.mark.parametrize("name", LIVE)
def test_every_version_takes_what_the_standard_says(name):
    for schema in (s for s in MAIN if s.name == name):
        operator = known(schema)
        assert operator is not None, f"{name} of opset {schema.since_version}"
        assert set(schema.attributes) <= operator.attributes, f"{name} of opset {schema.since_version}"
        assert operator.min_inputs <= schema.min_input, f"{name} of opset {schema.since_version}"
        variadic = any(n.startswith("*") for n in operator.input_names)
        assert variadic or len(schema.inputs) <= len(operator.input_names), f"{name} of opset {schema.since_version}"


def test_the_file_of_an_operator_bears_its_name():
    assert module_name("", "Softmax") == "laminae.ops.onnx.softmax"
    assert module_name("", "If") == "laminae.ops.onnx.if_"
    assert FOLDERS[""] == "laminae.ops.onnx"


def test_an_unknown_operator_is_none_whatever_its_name():
    for name in ("NoSuch", "../relu", "relu", "__init__", "", "os.path", "ReLU2"):
        assert find("", name, 23) is None
    assert find("no.domain", "Relu", 23) is None
