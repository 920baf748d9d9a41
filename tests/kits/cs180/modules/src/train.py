import torch
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from src.unet import UNet

noise_level = 0.5
loader = DataLoader(datasets.MNIST(".", download=True, transform=transforms.ToTensor()), 256, shuffle=True)
model = UNet(1, 128).cuda()
criterion = torch.nn.MSELoss()
optim = torch.optim.Adam(model.parameters(), lr=1e-4)
for images, _ in loader:
    images = images.cuda()
    noisy = images + noise_level * torch.randn_like(images)
    loss = criterion(model(noisy), images)
    optim.zero_grad()
    loss.backward()
    optim.step()
