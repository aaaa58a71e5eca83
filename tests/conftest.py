import lola  # noqa: F401, I001: before PyTorch, which it pins
import torch

torch.set_num_threads(1)  # as training does
