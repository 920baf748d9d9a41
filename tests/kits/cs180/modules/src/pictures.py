import cv2
import numpy as np


def save_pictures(image, name):
    cv2.imwrite(f"{name}.png", np.asarray(image[0].permute(1, 2, 0) * 127.5 + 127.5))
