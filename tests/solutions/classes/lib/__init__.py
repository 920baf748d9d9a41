from .scheduler import DDPMScheduler

__all__ = ["DDPMScheduler"]
