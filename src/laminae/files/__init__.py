"""Open and save models. The one room that imports `onnx`, and only when a file is opened or saved."""
