"""PyTorch modules, both ways: read through torch.export, and given back as an nn.Module."""
