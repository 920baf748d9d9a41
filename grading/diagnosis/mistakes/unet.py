"""Wrong UNets and wrong training losses.

The networks are variations of one small right network that has places to go wrong at.
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from reference.noising import add_noise
from reference.unet import class_ddpm_loss as right_class_ddpm_loss
from reference.unet import ddpm_loss as right_ddpm_loss
from reference.unet import denoiser_loss as right_denoiser_loss

from . import mistake


class _Block(nn.Sequential):
    """Normalisation over the whole sample, which neither mixes samples nor cancels what is added to a channel."""

    def __init__(self, conv):
        super().__init__(conv, nn.GroupNorm(1, conv.out_channels), nn.GELU())


class _BatchBlock(nn.Sequential):
    """Normalisation by the batch's own statistics, in evaluation mode as well."""

    def __init__(self, conv):
        super().__init__(conv, nn.BatchNorm2d(conv.out_channels, track_running_stats=False), nn.GELU())


class _Embedding(nn.Sequential):
    def __init__(self, in_features, out_features):
        super().__init__(nn.Linear(in_features, out_features), nn.GELU(), nn.Linear(out_features, out_features))


def _over_pixels(embedding):
    return embedding[:, :, None, None]


class _Net(nn.Module):
    """28 to 14 to 7 and back, two skips and a third one from the first level."""

    def __init__(self, in_channels, num_hiddens):
        super().__init__()
        d = num_hiddens
        self.enter = _Block(nn.Conv2d(in_channels, d, 3, padding=1))
        self.down1 = _Block(nn.Conv2d(d, d, 3, stride=2, padding=1))
        self.down2 = _Block(nn.Conv2d(d, 2 * d, 3, stride=2, padding=1))
        self.bottom = _Block(nn.Conv2d(2 * d, 2 * d, 3, padding=1))
        self.up1 = _Block(nn.ConvTranspose2d(4 * d, d, 4, stride=2, padding=1))
        self.up2 = _Block(nn.ConvTranspose2d(2 * d, d, 4, stride=2, padding=1))
        self.last = _Block(nn.Conv2d(2 * d, d, 3, padding=1))
        self.out = nn.Conv2d(d, in_channels, 3, padding=1)

    def run(self, x, gain=1, shift=0):
        full = self.enter(x)
        half = self.down1(full)
        quarter = self.down2(half)
        bottom = self.condition(self.bottom(quarter), gain, shift)
        up1 = self.up1(torch.cat([bottom, self.skip(quarter)], dim=1))
        up2 = self.up2(torch.cat([up1, self.skip(half)], dim=1))
        return self.finish(self.out(self.last(torch.cat([up2, self.skip(full)], dim=1))))

    def condition(self, features, gain, shift):
        return gain * features + shift

    def skip(self, features):
        return features

    def finish(self, answer):
        return answer


class _Unconditional(_Net):
    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__(in_channels, num_hiddens)

    def forward(self, x):
        return self.run(x)


class _TimeConditional(_Net):
    def __init__(self, in_channels=1, num_hiddens=64):
        super().__init__(in_channels, num_hiddens)
        self.time = _Embedding(1, 2 * num_hiddens)

    def embed(self, t):
        return _over_pixels(self.time(t[:, None]))

    def forward(self, x, t):
        return self.run(x, shift=self.embed(t))


class _ClassConditional(_TimeConditional):
    def __init__(self, in_channels=1, num_classes=10, num_hiddens=64):
        super().__init__(in_channels, num_hiddens)
        self.num_classes = num_classes
        self.classes = _Embedding(num_classes, 2 * num_hiddens)

    def vector(self, c, keep, x):
        one_hot = F.one_hot(c, self.num_classes).to(x.dtype)
        return one_hot if keep is None else one_hot * keep[:, None]

    def forward(self, x, c, t, keep=None):
        return self.run(x, _over_pixels(self.classes(self.vector(c, keep, x))), self.embed(t))


class _Pinched(nn.Module):
    """An hourglass without skips: num_hiddens numbers per sample in the middle."""

    def __init__(self, in_channels, num_hiddens):
        super().__init__()
        d = num_hiddens
        self.down = nn.Sequential(
            nn.Conv2d(in_channels, d, 3, stride=2, padding=1), nn.GELU(), nn.Conv2d(d, d, 14), nn.GELU()
        )
        self.up = nn.Sequential(
            nn.ConvTranspose2d(d, d, 7),
            nn.GELU(),
            nn.ConvTranspose2d(d, d, 4, stride=2, padding=1),
            nn.GELU(),
            nn.ConvTranspose2d(d, in_channels, 4, stride=2, padding=1),
        )


UnconditionalUNet = partial(mistake, "unet.UnconditionalUNet")


@UnconditionalUNet("no skips through the 1 × 1 bottleneck: an autoencoder")
class UnconditionalWithoutSkips(_Pinched):
    """There are no skip connections: everything has to pass through the few numbers in the middle, and fine detail is
    lost.
    """

    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__(in_channels, num_hiddens)

    def forward(self, x):
        return self.up(self.down(x))


@UnconditionalUNet("all skips from a coarser scale: the input is pooled to 7 × 7 first")
class UnconditionalSkipsFromCoarseScale(_Unconditional):
    """The image is made smaller before anything is kept of it, so the skip connections carry no fine detail."""

    def forward(self, x):
        return self.run(F.interpolate(F.avg_pool2d(x, 4), scale_factor=4))


@UnconditionalUNet("last up-sampling missing: 14 × 14")
class UnconditionalHalfSize(_Unconditional):
    """The output is smaller than the input: one level is missing on the way up."""

    def finish(self, answer):
        return F.avg_pool2d(answer, 2)


@UnconditionalUNet("padding missing in the last convolution: 26 × 26")
class UnconditionalWithoutPadding(_Unconditional):
    """The output is two pixels smaller than the input. What does a convolution without padding do?"""

    def finish(self, answer):
        return answer[:, :, 1:-1, 1:-1]


@UnconditionalUNet("last convolution with 1 output channel hard-coded")
class UnconditionalOneChannelOut(_Unconditional):
    """The output always has one channel, whatever the input has."""

    def finish(self, answer):
        return answer[:, :1]


@UnconditionalUNet("in_channels ignored: 1 hard-coded")
class UnconditionalInChannelsIgnored(_Unconditional):
    """The number of channels of the images is not used."""

    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__(1, num_hiddens)


@UnconditionalUNet("num_hiddens channels out")
class UnconditionalHiddenChannelsOut(_Unconditional):
    """The output is the hidden features: the last convolution is missing."""

    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__(in_channels, num_hiddens)
        self.out = nn.Conv2d(num_hiddens, num_hiddens + 1, 3, padding=1)


@UnconditionalUNet("squeeze() at the end: (B, 28, 28)")
class UnconditionalSqueezed(_Unconditional):
    """Axes of length 1 disappear from the output."""

    def finish(self, answer):
        return answer.squeeze()


@UnconditionalUNet("batch normalisation without running statistics: batch coupling in eval()")
class UnconditionalBatchStatistics(_Unconditional):
    """Evaluation mode changes nothing: the result for one image depends on its neighbours in the batch."""

    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__(in_channels, num_hiddens)
        self.enter = _BatchBlock(nn.Conv2d(in_channels, num_hiddens, 3, padding=1))


@UnconditionalUNet("x - x.mean() over the batch")
class UnconditionalInputCentredOverBatch(_Unconditional):
    """The input is normalised with the whole batch's mean, so each image's result depends on the others."""

    def forward(self, x):
        return self.run(x - x.mean())


@UnconditionalUNet("F.dropout without training=self.training")
class UnconditionalDropoutAlwaysOn(_Unconditional):
    """Evaluation mode changes nothing: dropout keeps on, so the same image gives another result each time."""

    def skip(self, features):
        return F.dropout(features, 0.2)


@UnconditionalUNet("list instead of nn.ModuleList: no parameters registered")
class UnconditionalUnregistered(nn.Module):
    """The layers stand in a plain Python list, where the optimizer does not find them."""

    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__()
        self.layers = [_Unconditional(in_channels, num_hiddens)]

    def forward(self, x):
        return self.layers[0](x)


@UnconditionalUNet("modules constructed in forward")
class UnconditionalNewInEveryCall(nn.Module):
    """The layers are made anew in every call, so nothing that is learned stays."""

    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__()
        self.sizes = in_channels, num_hiddens
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return self.scale * _Unconditional(*self.sizes).to(x)(x)


@UnconditionalUNet("forward under no_grad, or the output detached")
class UnconditionalDetached(_Unconditional):
    """No gradient reaches the network: it cannot be trained."""

    def finish(self, answer):
        return answer.detach()


@UnconditionalUNet("x[0] expanded over the batch")
class UnconditionalFirstImageForAll(_Unconditional):
    """Every image gets the same answer: the first one's."""

    def forward(self, x):
        return self.run(x[:1]).expand_as(x)


@UnconditionalUNet("x changed in place (normalised with sub_ and div_)")
class UnconditionalInPlace(_Unconditional):
    """The caller's images are overwritten. Watch out for operations that work in place."""

    def forward(self, x):
        with torch.no_grad():
            x.sub_(0.5).div_(0.5)
        return self.run(x)


TimeConditionalUNet = partial(mistake, "unet.TimeConditionalUNet")


@TimeConditionalUNet("time ignored")
class TimeIgnored(_TimeConditional):
    """The time has no influence on the result. Where does its embedding go?"""

    def forward(self, x, t):
        return self.run(x)


@TimeConditionalUNet("t[0] for the whole batch")
class TimeOfFirstSample(_TimeConditional):
    """Every sample is told the first one's time."""

    def embed(self, t):
        return super().embed(t[:1].expand_as(t))


@TimeConditionalUNet("t.mean(): batch coupling through the time")
class TimeAveragedOverBatch(_TimeConditional):
    """All samples are told one time: the mean of the batch."""

    def embed(self, t):
        return super().embed(t.mean().expand_as(t))


@TimeConditionalUNet("embedding.mean(dim=0)")
class TimeEmbeddingAveraged(_TimeConditional):
    """The embeddings are averaged over the batch before they are added."""

    def embed(self, t):
        return super().embed(t).mean(dim=0, keepdim=True)


@TimeConditionalUNet("t.long() into an embedding table")
class TimeRoundedDown(_TimeConditional):
    """The times in [0, 1) are rounded to a whole number, so that all of them become 0."""

    def embed(self, t):
        return super().embed(t.long().to(t.dtype))


@TimeConditionalUNet("time added as one value per channel right before an InstanceNorm: cancelled")
class TimeNormalisedAway(_TimeConditional):
    """What the time adds to a channel is taken off again by the normalisation that follows."""

    def condition(self, features, gain, shift):
        return F.instance_norm(super().condition(features, gain, shift))


@TimeConditionalUNet("t of shape (B,) added unreshaped: an error, or silent at B = 7")
class TimeAlongWidth(_TimeConditional):
    """The times line up with the width of the feature maps instead of with the batch."""

    def embed(self, t):
        return t


@TimeConditionalUNet("t expected as (B, 1): Linear(1, D) on (B,) fails")
class TimeColumnsOnly(_TimeConditional):
    """The time has to be a column here: one number per sample is refused."""

    def embed(self, t):
        return _over_pixels(self.time(t))


@TimeConditionalUNet("t.item(): a scalar timestep for the whole batch")
class TimeScalarsOnly(_TimeConditional):
    """The time has to be a single number here. Each sample has one of its own."""

    def embed(self, t):
        return super().embed(torch.full((1,), t.item(), dtype=t.dtype))


@TimeConditionalUNet("batch normalisation without running statistics: batch coupling in eval()")
class TimeBatchStatistics(_TimeConditional):
    """Evaluation mode changes nothing: the result for one image depends on its neighbours in the batch."""

    def __init__(self, in_channels=1, num_hiddens=64):
        super().__init__(in_channels, num_hiddens)
        self.down1 = _BatchBlock(nn.Conv2d(num_hiddens, num_hiddens, 3, stride=2, padding=1))


@TimeConditionalUNet("F.dropout without training=self.training")
class TimeDropoutAlwaysOn(_TimeConditional):
    """Evaluation mode changes nothing: dropout keeps on, so the same image gives another result each time."""

    def skip(self, features):
        return F.dropout(features, 0.2)


@TimeConditionalUNet("no skips through the 1 × 1 bottleneck")
class TimeWithoutSkips(_Pinched):
    """There are no skip connections: everything has to pass through the few numbers in the middle, and fine detail is
    lost.
    """

    def __init__(self, in_channels=1, num_hiddens=64):
        super().__init__(in_channels, num_hiddens)
        self.time = _Embedding(1, num_hiddens)

    def forward(self, x, t):
        return self.up(self.down(x) + _over_pixels(self.time(t[:, None])))


@TimeConditionalUNet("sigmoid at the end: noise has both signs")
class TimeSigmoidAtTheEnd(_TimeConditional):
    """The output is limited to [0, 1] like a picture. This network answers with noise."""

    def finish(self, answer):
        return answer.sigmoid()


@TimeConditionalUNet("ReLU at the end")
class TimeReluAtTheEnd(_TimeConditional):
    """Negative values are cut off at the end. This network answers with noise, which has both signs."""

    def finish(self, answer):
        return answer.relu()


@TimeConditionalUNet("tanh at the end")
class TimeTanhAtTheEnd(_TimeConditional):
    """The output is limited to [-1, 1]. Noise goes beyond that."""

    def finish(self, answer):
        return answer.tanh()


@TimeConditionalUNet("last convolution with 1 output channel hard-coded")
class TimeOneChannelOut(_TimeConditional):
    """The output always has one channel, whatever the input has."""

    def finish(self, answer):
        return answer[:, :1]


@TimeConditionalUNet("last up-sampling missing: 14 × 14")
class TimeHalfSize(_TimeConditional):
    """The output is smaller than the input: one level is missing on the way up."""

    def finish(self, answer):
        return F.avg_pool2d(answer, 2)


@TimeConditionalUNet("squeeze() at the end: (B, 28, 28)")
class TimeSqueezed(_TimeConditional):
    """Axes of length 1 disappear from the output."""

    def finish(self, answer):
        return answer.squeeze()


ClassConditionalUNet = partial(mistake, "unet.ClassConditionalUNet")


@ClassConditionalUNet("class ignored")
class ClassIgnored(_ClassConditional):
    """The class has no influence on the result. Where does its embedding go?"""

    def forward(self, x, c, t, keep=None):
        return self.run(x, shift=self.embed(t))


@ClassConditionalUNet("time ignored")
class ClassTimeIgnored(_ClassConditional):
    """The time has no influence on the result. Where does its embedding go?"""

    def embed(self, t):
        return torch.zeros_like(t)[:, None, None, None]


@ClassConditionalUNet("c[0] for the whole batch")
class ClassOfFirstSample(_ClassConditional):
    """Every sample is told the first one's class."""

    def vector(self, c, keep, x):
        return super().vector(c[:1].expand_as(c), keep, x)


@ClassConditionalUNet("t[0] for the whole batch")
class ClassTimeOfFirstSample(_ClassConditional):
    """Every sample is told the first one's time."""

    def embed(self, t):
        return super().embed(t[:1].expand_as(t))


@ClassConditionalUNet("one-hot vectors averaged over the batch")
class ClassAveragedOverBatch(_ClassConditional):
    """All samples are told a mixture of the batch's classes."""

    def vector(self, c, keep, x):
        one_hot = super().vector(c, keep, x)
        return one_hot.mean(dim=0, keepdim=True).expand_as(one_hot)


@ClassConditionalUNet("keep inverted")
class ClassKeepInverted(_ClassConditional):
    """The mask is inverted: classes are dropped where they should be kept."""

    def vector(self, c, keep, x):
        return super().vector(c, None if keep is None else 1 - keep, x)


@ClassConditionalUNet("keep ignored")
class ClassKeepIgnored(_ClassConditional):
    """The mask is not used: the class is never dropped."""

    def vector(self, c, keep, x):
        return super().vector(c, None, x)


@ClassConditionalUNet("keep per batch: keep[0]")
class ClassKeepOfFirstSample(_ClassConditional):
    """One decision for the whole batch: the first sample's. Each sample has its own."""

    def vector(self, c, keep, x):
        return super().vector(c, None if keep is None else keep[:1].expand_as(keep), x)


@ClassConditionalUNet("keep per batch: keep.min(), all(keep)")
class ClassDropSpreadsOverBatch(_ClassConditional):
    """One dropped sample drops the class of the whole batch."""

    def vector(self, c, keep, x):
        return super().vector(c, None if keep is None else keep.min().expand_as(keep), x)


@ClassConditionalUNet("label 0 as the null class (seen): c · keep")
class ClassDroppedToLabelZero(_ClassConditional):
    """A dropped sample is told class 0. No class is something else than the first one."""

    def vector(self, c, keep, x):
        return super().vector(c if keep is None else c * keep.long(), None, x)


@ClassConditionalUNet("class index as a number, c · keep / K")
class ClassAsNumber(_ClassConditional):
    """The class enters as a number, so that class 0 looks like no class at all."""

    def vector(self, c, keep, x):
        number = c.to(x.dtype) / self.num_classes
        number = number if keep is None else number * keep
        return number[:, None].expand(-1, self.num_classes)


@ClassConditionalUNet("c.bool(): a yes or no instead of a one-hot vector")
class ClassAsYesOrNo(_ClassConditional):
    """Classes other than 0 cannot be told apart."""

    def vector(self, c, keep, x):
        return super().vector((c > 0).long(), keep, x)


@ClassConditionalUNet("keep=None taken as zeros")
class ClassDroppedWithoutMask(_ClassConditional):
    """Without a mask every class is dropped. No mask means that all are kept."""

    def vector(self, c, keep, x):
        return super().vector(c, torch.zeros_like(x[:, 0, 0, 0]) if keep is None else keep, x)


@ClassConditionalUNet("keep=None not handled")
class ClassMaskRequired(_ClassConditional):
    """The network cannot be called without a mask."""

    def vector(self, c, keep, x):
        return F.one_hot(c, self.num_classes).to(x.dtype) * keep[:, None]


@ClassConditionalUNet("dropped with probability 0.1 inside, in eval() too")
class ClassDropsByItself(_ClassConditional):
    """The network draws by itself whose class is dropped. That is the mask's part."""

    def vector(self, c, keep, x):
        drawn = (torch.rand(len(c)) > 0.1).to(x.dtype)
        return super().vector(c, drawn if keep is None else keep * drawn, x)


@ClassConditionalUNet("keep multiplies the time embedding, too")
class ClassKeepDropsTime(_ClassConditional):
    """A dropped sample loses its time as well. Only the class is dropped."""

    def forward(self, x, c, t, keep=None):
        mask = torch.ones_like(t) if keep is None else keep
        gain = _over_pixels(self.classes(self.vector(c, keep, x)))
        return self.run(x, gain, self.embed(t) * mask[:, None, None, None])


@ClassConditionalUNet("keep multiplies x")
class ClassKeepDropsImage(_ClassConditional):
    """A dropped sample loses its image as well. Only the class is dropped."""

    def forward(self, x, c, t, keep=None):
        return super().forward(x if keep is None else x * keep[:, None, None, None], c, t, keep)


@ClassConditionalUNet("c[keep == 0] = … in place")
class ClassChangesLabels(_ClassConditional):
    """The labels of dropped samples are overwritten in the caller's tensor."""

    def forward(self, x, c, t, keep=None):
        answer = super().forward(x, c, t, keep)
        if keep is not None:
            c[keep == 0] = 0
        return answer


@ClassConditionalUNet("forward(x, t, c)")
class ClassAndTimeSwapped(_ClassConditional):
    """Class and time are taken in the wrong order."""

    def forward(self, x, c, t, keep=None):
        return super().forward(x, t.long(), c.to(x.dtype), keep)


@ClassConditionalUNet("num_classes ignored: 10 hard-coded")
class ClassNumberHardCoded(_ClassConditional):
    """The number of classes is not used."""

    def __init__(self, in_channels=1, num_classes=10, num_hiddens=64):
        super().__init__(in_channels, 10, num_hiddens)


@ClassConditionalUNet("positive class gain (softplus) right before an InstanceNorm: cancelled")
class ClassNormalisedAway(_ClassConditional):
    """The class scales a channel right before a normalisation, which takes the factor out again."""

    def condition(self, features, gain, shift):
        return F.instance_norm(F.softplus(torch.as_tensor(gain)) * features, eps=1e-12) + shift


@ClassConditionalUNet("batch normalisation without running statistics: batch coupling in eval()")
class ClassBatchStatistics(_ClassConditional):
    """Evaluation mode changes nothing: the result for one image depends on its neighbours in the batch."""

    def __init__(self, in_channels=1, num_classes=10, num_hiddens=64):
        super().__init__(in_channels, num_classes, num_hiddens)
        self.down1 = _BatchBlock(nn.Conv2d(num_hiddens, num_hiddens, 3, stride=2, padding=1))


@ClassConditionalUNet("no skips through the 1 × 1 bottleneck")
class ClassWithoutSkips(_Pinched):
    """There are no skip connections: everything has to pass through the few numbers in the middle, and fine detail is
    lost.
    """

    def __init__(self, in_channels=1, num_classes=10, num_hiddens=64):
        super().__init__(in_channels, num_hiddens)
        self.num_classes = num_classes
        self.time, self.classes = _Embedding(1, num_hiddens), _Embedding(num_classes, num_hiddens)

    def forward(self, x, c, t, keep=None):
        one_hot = F.one_hot(c, self.num_classes).to(x.dtype)
        one_hot = one_hot if keep is None else one_hot * keep[:, None]
        gain, shift = _over_pixels(self.classes(one_hot)), _over_pixels(self.time(t[:, None]))
        return self.up(gain * self.down(x) + shift)


@ClassConditionalUNet("ReLU at the end")
class ClassReluAtTheEnd(_ClassConditional):
    """Negative values are cut off at the end. This network answers with noise, which has both signs."""

    def finish(self, answer):
        return answer.relu()


@ClassConditionalUNet("last convolution with 1 output channel hard-coded")
class ClassOneChannelOut(_ClassConditional):
    """The output always has one channel, whatever the input has."""

    def finish(self, answer):
        return answer[:, :1]


denoiser_loss = partial(mistake, "unet.denoiser_loss")


@denoiser_loss("σ as variance: √σ · noise")
def denoiser_loss_sigma_as_variance(model, x0, noise, sigma):
    """Sigma is taken as a variance. It is a standard deviation."""
    return F.mse_loss(model(x0 + sigma**0.5 * noise), x0)


@denoiser_loss("σ² · noise")
def denoiser_loss_sigma_squared(model, x0, noise, sigma):
    """The noise is scaled with the square of sigma."""
    return F.mse_loss(model(x0 + sigma**2 * noise), x0)


@denoiser_loss("σ ignored")
def denoiser_loss_sigma_ignored(model, x0, noise, sigma):
    """Sigma is not used."""
    return F.mse_loss(model(x0 + noise), x0)


@denoiser_loss("target = noise (one-step denoiser)")
def denoiser_loss_target_noise(model, x0, noise, sigma):
    """The network is asked for the noise. This one gives the clean image in one step."""
    return F.mse_loss(model(x0 + sigma * noise), noise)


@denoiser_loss("target = noisy image")
def denoiser_loss_target_noisy_image(model, x0, noise, sigma):
    """The network is rewarded for giving back what it was given."""
    noisy = x0 + sigma * noise
    return F.mse_loss(model(noisy), noisy)


@denoiser_loss("residual prediction: noisy - model(noisy) compared")
def denoiser_loss_residual(model, x0, noise, sigma):
    """The network is taken to answer with what is to be subtracted. It answers with the image."""
    noisy = x0 + sigma * noise
    return F.mse_loss(noisy - model(noisy), x0)


@denoiser_loss("noised image clamped to [0, 1]")
def denoiser_loss_input_clamped(model, x0, noise, sigma):
    """The noisy image is cut off at [0, 1], which takes part of the noise away."""
    return F.mse_loss(model((x0 + sigma * noise).clamp(0, 1)), x0)


@denoiser_loss("noised image clamped to [-1, 1]")
def denoiser_loss_input_clamped_signed(model, x0, noise, sigma):
    """The noisy image is cut off at [-1, 1], which takes part of the noise away."""
    return F.mse_loss(model((x0 + sigma * noise).clamp(-1, 1)), x0)


@denoiser_loss("answer clamped to [0, 1]")
def denoiser_loss_answer_clamped(model, x0, noise, sigma):
    """The network's answer is cut off, so that it learns nothing from what exceeds the range."""
    return F.mse_loss(model(x0 + sigma * noise).clamp(0, 1), x0)


@denoiser_loss("no noise added")
def denoiser_loss_clean_input(model, x0, noise, sigma):
    """The network is shown the clean image."""
    return F.mse_loss(model(x0), x0)


@denoiser_loss("VP: √(1 - σ²) x0 + σ noise")
def denoiser_loss_variance_preserving(model, x0, noise, sigma):
    """The image is made smaller as noise is added. The one-step denoiser keeps it as it is."""
    return F.mse_loss(model(abs(1 - sigma**2) ** 0.5 * x0 + sigma * noise), x0)


@denoiser_loss("(1 - σ) x0 + σ noise")
def denoiser_loss_blended(model, x0, noise, sigma):
    """Image and noise are blended."""
    return F.mse_loss(model((1 - sigma) * x0 + sigma * noise), x0)


@denoiser_loss("fresh noise (randn_like)")
def denoiser_loss_fresh_noise(model, x0, noise, sigma):
    """The noise that was handed in is not used: other noise is drawn."""
    return F.mse_loss(model(x0 + sigma * torch.randn_like(x0)), x0)


@denoiser_loss("noise[0] for the whole batch")
def denoiser_loss_one_noise_for_batch(model, x0, noise, sigma):
    """All images get the first one's noise."""
    return F.mse_loss(model(x0 + sigma * noise[:1]), x0)


@denoiser_loss("sum instead of mean")
def denoiser_loss_sum(model, x0, noise, sigma):
    """The squares are added up, not averaged."""
    return F.mse_loss(model(x0 + sigma * noise), x0, reduction="sum")


@denoiser_loss("batch mean of sums (the handout's ‖·‖² read literally)")
def denoiser_loss_sum_per_image(model, x0, noise, sigma):
    """The squares are added up within an image and averaged over the batch only."""
    return (model(x0 + sigma * noise) - x0).square().sum(dim=(1, 2, 3)).mean()


@denoiser_loss("L1")
def denoiser_loss_l1(model, x0, noise, sigma):
    """Absolute differences are taken. Squares are asked for."""
    return F.l1_loss(model(x0 + sigma * noise), x0)


@denoiser_loss("root mean square")
def denoiser_loss_root(model, x0, noise, sigma):
    """A root is taken at the end."""
    return F.mse_loss(model(x0 + sigma * noise), x0).sqrt()


@denoiser_loss("detached")
def denoiser_loss_detached(model, x0, noise, sigma):
    """The value is right, but no gradient reaches the network."""
    return right_denoiser_loss(model, x0, noise, sigma).detach()


@denoiser_loss("the network's answer returned")
def denoiser_loss_answer_returned(model, x0, noise, sigma):
    """The network's answer comes back, and no error is computed."""
    return model(x0 + sigma * noise)


@denoiser_loss("x0 changed in place (+=)")
def denoiser_loss_in_place(model, x0, noise, sigma):
    """The clean images are overwritten with noisy ones, and are the target at the same time."""
    target = x0.detach().clone()
    with torch.no_grad():
        x0 += sigma * noise
    return F.mse_loss(model(x0), target)


ddpm_loss = partial(mistake, "unet.ddpm_loss")


def _per_image(values):
    return values.reshape(-1, 1, 1, 1)


def _fraction(t, alphas_cumprod):
    return t.to(alphas_cumprod) / len(alphas_cumprod)


@ddpm_loss("t not divided by T")
def ddpm_loss_t_not_divided(model, x0, noise, t, alphas_cumprod):
    """The network is told the timestep as it is. It expects a fraction of the chain."""
    return F.mse_loss(model(add_noise(x0, noise, t, alphas_cumprod), t.to(x0.dtype)), noise)


@ddpm_loss("min-SNR weights: min(SNR, 5) / SNR")
def ddpm_loss_min_snr(model, x0, noise, t, alphas_cumprod):
    """Errors at low noise are weighed less (min-SNR). Here every timestep counts the same."""
    snr = alphas_cumprod[t] / (1 - alphas_cumprod[t])
    answer = model(add_noise(x0, noise, t, alphas_cumprod), _fraction(t, alphas_cumprod))
    return ((answer - noise).square().flatten(1).mean(1) * snr.clamp(max=5) / snr).mean()


@ddpm_loss("t // T")
def ddpm_loss_t_integer_divided(model, x0, noise, t, alphas_cumprod):
    """Whole numbers are divided to a whole number: the network is always told 0."""
    fraction = (t // len(alphas_cumprod)).to(x0.dtype)
    return F.mse_loss(model(add_noise(x0, noise, t, alphas_cumprod), fraction), noise)


@ddpm_loss("t / 1000 hard-coded")
def ddpm_loss_divided_by_1000(model, x0, noise, t, alphas_cumprod):
    """The timestep is divided by a fixed number instead of by the length of the schedule."""
    return F.mse_loss(model(add_noise(x0, noise, t, alphas_cumprod), t.to(x0.dtype) / 1000), noise)


@ddpm_loss("(t + 1) / T")
def ddpm_loss_fraction_one_based(model, x0, noise, t, alphas_cumprod):
    """The fraction that the network is told is one step too large: timesteps count from 0."""
    return F.mse_loss(model(add_noise(x0, noise, t, alphas_cumprod), _fraction(t + 1, alphas_cumprod)), noise)


@ddpm_loss("t / (T - 1)")
def ddpm_loss_divided_by_last_timestep(model, x0, noise, t, alphas_cumprod):
    """The timestep is divided by the last timestep instead of by the length of the schedule."""
    fraction = t.to(x0.dtype) / (len(alphas_cumprod) - 1)
    return F.mse_loss(model(add_noise(x0, noise, t, alphas_cumprod), fraction), noise)


@ddpm_loss("alphas_cumprod[t - 1]: 1-based, wraps around at t = 0")
def ddpm_loss_level_one_based(model, x0, noise, t, alphas_cumprod):
    """The noise level is one step off: the table starts counting at 0."""
    x_t = add_noise(x0, noise, (t - 1) % len(alphas_cumprod), alphas_cumprod)
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod)), noise)


@ddpm_loss("t[0] for the whole batch's noise level")
def ddpm_loss_first_level_for_all(model, x0, noise, t, alphas_cumprod):
    """All images are noised to the first one's timestep."""
    x_t = add_noise(x0, noise, t[:1].expand_as(t), alphas_cumprod)
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod)), noise)


@ddpm_loss("t[0] told to the network")
def ddpm_loss_first_timestep_told(model, x0, noise, t, alphas_cumprod):
    """The network is told the first image's timestep for all of them."""
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    return F.mse_loss(model(x_t, _fraction(t[:1].expand_as(t), alphas_cumprod)), noise)


@ddpm_loss("ᾱ x0 + (1 - ᾱ) noise")
def ddpm_loss_without_roots(model, x0, noise, t, alphas_cumprod):
    """Both weights of the forward process lack their square roots."""
    abar_t = _per_image(alphas_cumprod[t])
    return F.mse_loss(model(abar_t * x0 + (1 - abar_t) * noise, _fraction(t, alphas_cumprod)), noise)


@ddpm_loss("√ᾱ x0 + (1 - ᾱ) noise")
def ddpm_loss_variance_as_std(model, x0, noise, t, alphas_cumprod):
    """The noise is weighted with its variance."""
    abar_t = _per_image(alphas_cumprod[t])
    return F.mse_loss(model(abar_t.sqrt() * x0 + (1 - abar_t) * noise, _fraction(t, alphas_cumprod)), noise)


@ddpm_loss("√(1 - ᾱ) x0 + √ᾱ noise")
def ddpm_loss_weights_swapped(model, x0, noise, t, alphas_cumprod):
    """The two weights of the forward process have changed places."""
    x_t = add_noise(noise, x0, t, alphas_cumprod)
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod)), noise)


@ddpm_loss("alpha_t for abar_t")
def ddpm_loss_single_step_level(model, x0, noise, t, alphas_cumprod):
    """The noise level is that of a single step, while x_t has gone through all steps up to t."""
    alphas = alphas_cumprod / torch.cat([torch.ones_like(alphas_cumprod[:1]), alphas_cumprod[:-1]])
    return F.mse_loss(model(add_noise(x0, noise, t, alphas), _fraction(t, alphas_cumprod)), noise)


@ddpm_loss("x0 + √(1 - ᾱ) noise")
def ddpm_loss_image_not_scaled(model, x0, noise, t, alphas_cumprod):
    """Noise is added to the image at its full size."""
    x_t = x0 + _per_image(1 - alphas_cumprod[t]).sqrt() * noise
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod)), noise)


@ddpm_loss("ᾱ of shape (B,) unreshaped: an error, or silent at B = W")
def ddpm_loss_levels_along_width(model, x0, noise, t, alphas_cumprod):
    """The noise levels line up with the width of the images instead of with the batch."""
    abar_t = alphas_cumprod[t]
    return F.mse_loss(model(abar_t.sqrt() * x0 + (1 - abar_t).sqrt() * noise, _fraction(t, alphas_cumprod)), noise)


@ddpm_loss("target = x0")
def ddpm_loss_target_image(model, x0, noise, t, alphas_cumprod):
    """The network is asked for the clean image. This one finds the noise."""
    return F.mse_loss(model(add_noise(x0, noise, t, alphas_cumprod), _fraction(t, alphas_cumprod)), x0)


@ddpm_loss("target = √(1 - ᾱ) noise")
def ddpm_loss_target_scaled_noise(model, x0, noise, t, alphas_cumprod):
    """The network is asked for the noise as it was added, scaled by its level. The plain noise is the target."""
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod)), _per_image(1 - alphas_cumprod[t]).sqrt() * noise)


@ddpm_loss("target = v")
def ddpm_loss_target_velocity(model, x0, noise, t, alphas_cumprod):
    """The network is asked for a mixture of noise and image, as in v-prediction."""
    x_t, abar_t = add_noise(x0, noise, t, alphas_cumprod), _per_image(alphas_cumprod[t])
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod)), abar_t.sqrt() * noise - (1 - abar_t).sqrt() * x0)


@ddpm_loss("fresh noise (randn_like) in x_t")
def ddpm_loss_fresh_noise(model, x0, noise, t, alphas_cumprod):
    """The noise that is added is not the noise that is asked for."""
    x_t = add_noise(x0, torch.randn_like(x0), t, alphas_cumprod)
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod)), noise)


@ddpm_loss("model(x0, t / T)")
def ddpm_loss_clean_input(model, x0, noise, t, alphas_cumprod):
    """The network is shown the clean image."""
    return F.mse_loss(model(x0, _fraction(t, alphas_cumprod)), noise)


@ddpm_loss("x_t clamped")
def ddpm_loss_input_clamped(model, x0, noise, t, alphas_cumprod):
    """The noisy image is cut off at [-1, 1], which takes part of the noise away."""
    x_t = add_noise(x0, noise, t, alphas_cumprod).clamp(-1, 1)
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod)), noise)


@ddpm_loss("sum instead of mean")
def ddpm_loss_sum(model, x0, noise, t, alphas_cumprod):
    """The squares are added up, not averaged."""
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod)), noise, reduction="sum")


@ddpm_loss("batch mean of sums")
def ddpm_loss_sum_per_image(model, x0, noise, t, alphas_cumprod):
    """The squares are added up within an image and averaged over the batch only."""
    return right_ddpm_loss(model, x0, noise, t, alphas_cumprod) * x0[0].numel()


@ddpm_loss("L1")
def ddpm_loss_l1(model, x0, noise, t, alphas_cumprod):
    """Absolute differences are taken. Squares are asked for."""
    return F.l1_loss(model(add_noise(x0, noise, t, alphas_cumprod), _fraction(t, alphas_cumprod)), noise)


@ddpm_loss("weighted by 1 - ᾱ")
def ddpm_loss_weighted(model, x0, noise, t, alphas_cumprod):
    """Timesteps count differently: each is weighted by its noise level. All count the same."""
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    squares = (model(x_t, _fraction(t, alphas_cumprod)) - noise).square()
    return (_per_image(1 - alphas_cumprod[t]) * squares).mean()


@ddpm_loss("the network's answer returned")
def ddpm_loss_answer_returned(model, x0, noise, t, alphas_cumprod):
    """The network's estimate of the noise comes back, and no error is computed."""
    return model(add_noise(x0, noise, t, alphas_cumprod), _fraction(t, alphas_cumprod))


@ddpm_loss("detached")
def ddpm_loss_detached(model, x0, noise, t, alphas_cumprod):
    """The value is right, but no gradient reaches the network."""
    return right_ddpm_loss(model, x0, noise, t, alphas_cumprod).detach()


class_ddpm_loss = partial(mistake, "unet.class_ddpm_loss")


@class_ddpm_loss("the network's answer returned")
def class_ddpm_loss_answer_returned(model, x0, labels, noise, t, alphas_cumprod, keep):
    """The network's estimate of the noise comes back, and no error is computed."""
    return model(add_noise(x0, noise, t, alphas_cumprod), labels, _fraction(t, alphas_cumprod), keep)


@class_ddpm_loss("labels dropped: zeros handed on")
def class_ddpm_loss_labels_dropped(model, x0, labels, noise, t, alphas_cumprod, keep):
    """The network is not told the labels."""
    return right_class_ddpm_loss(model, x0, torch.zeros_like(labels), noise, t, alphas_cumprod, keep)


@class_ddpm_loss("labels[0] for the whole batch")
def class_ddpm_loss_first_label_for_all(model, x0, labels, noise, t, alphas_cumprod, keep):
    """Every image is given the first one's label."""
    return right_class_ddpm_loss(model, x0, labels[:1].expand_as(labels), noise, t, alphas_cumprod, keep)


@class_ddpm_loss("keep ignored")
def class_ddpm_loss_keep_ignored(model, x0, labels, noise, t, alphas_cumprod, keep):
    """The mask is not handed on: the network is always told the class, so it never learns to do without."""
    return right_class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, torch.ones_like(keep))


@class_ddpm_loss("model called without keep")
def class_ddpm_loss_keep_not_passed(model, x0, labels, noise, t, alphas_cumprod, keep):
    """The mask is not handed on to the network."""
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    return F.mse_loss(model(x_t, labels, _fraction(t, alphas_cumprod)), noise)


@class_ddpm_loss("keep inverted")
def class_ddpm_loss_keep_inverted(model, x0, labels, noise, t, alphas_cumprod, keep):
    """The mask is inverted: nine classes in ten are dropped."""
    return right_class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, 1 - keep)


@class_ddpm_loss("keep per batch")
def class_ddpm_loss_keep_of_first_sample(model, x0, labels, noise, t, alphas_cumprod, keep):
    """One decision for the whole batch: the first sample's. Each sample has its own."""
    return right_class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, keep[:1].expand_as(keep))


@class_ddpm_loss("keep drawn inside")
def class_ddpm_loss_keep_drawn(model, x0, labels, noise, t, alphas_cumprod, keep):
    """The mask that was handed in is not used: another one is drawn."""
    drawn = (torch.rand(len(x0)) > 0.1).to(x0.dtype)
    return right_class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, drawn)


@class_ddpm_loss("labels · keep: label 0 as the null class (seen)")
def class_ddpm_loss_keep_on_labels(model, x0, labels, noise, t, alphas_cumprod, keep):
    """The mask acts on the labels: dropped samples are taught as class 0."""
    return right_class_ddpm_loss(model, x0, labels * keep.long(), noise, t, alphas_cumprod, torch.ones_like(keep))


@class_ddpm_loss("loss multiplied by keep")
def class_ddpm_loss_kept_samples_only(model, x0, labels, noise, t, alphas_cumprod, keep):
    """Dropped samples do not count in the loss. They are how the network learns to do without a class."""
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    squares = (model(x_t, labels, _fraction(t, alphas_cumprod), keep) - noise).square()
    return (_per_image(keep) * squares).mean()


@class_ddpm_loss("model(x_t, t / T, labels, keep)")
def class_ddpm_loss_arguments_swapped(model, x0, labels, noise, t, alphas_cumprod, keep):
    """The network's arguments come in the wrong order: class and time are swapped."""
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod), labels, keep), noise)


@class_ddpm_loss("F.one_hot(labels) passed")
def class_ddpm_loss_one_hot_labels(model, x0, labels, noise, t, alphas_cumprod, keep):
    """The network is handed one-hot vectors. It makes them itself, from labels."""
    x_t, one_hot = add_noise(x0, noise, t, alphas_cumprod), F.one_hot(labels, 10).to(x0.dtype)
    return F.mse_loss(model(x_t, one_hot, _fraction(t, alphas_cumprod), keep), noise)


@class_ddpm_loss("t not divided by T")
def class_ddpm_loss_t_not_divided(model, x0, labels, noise, t, alphas_cumprod, keep):
    """The network is told the timestep as it is. It expects a fraction of the chain."""
    return F.mse_loss(model(add_noise(x0, noise, t, alphas_cumprod), labels, t.to(x0.dtype), keep), noise)


@class_ddpm_loss("t // T")
def class_ddpm_loss_t_integer_divided(model, x0, labels, noise, t, alphas_cumprod, keep):
    """Whole numbers are divided to a whole number: the network is always told 0."""
    fraction = (t // len(alphas_cumprod)).to(x0.dtype)
    return F.mse_loss(model(add_noise(x0, noise, t, alphas_cumprod), labels, fraction, keep), noise)


@class_ddpm_loss("alphas_cumprod[t - 1]")
def class_ddpm_loss_level_one_based(model, x0, labels, noise, t, alphas_cumprod, keep):
    """The noise level is one step off: the table starts counting at 0."""
    x_t = add_noise(x0, noise, (t - 1) % len(alphas_cumprod), alphas_cumprod)
    return F.mse_loss(model(x_t, labels, _fraction(t, alphas_cumprod), keep), noise)


@class_ddpm_loss("ᾱ x0 + (1 - ᾱ) noise")
def class_ddpm_loss_without_roots(model, x0, labels, noise, t, alphas_cumprod, keep):
    """Both weights of the forward process lack their square roots."""
    abar_t = _per_image(alphas_cumprod[t])
    x_t = abar_t * x0 + (1 - abar_t) * noise
    return F.mse_loss(model(x_t, labels, _fraction(t, alphas_cumprod), keep), noise)


@class_ddpm_loss("target = x0")
def class_ddpm_loss_target_image(model, x0, labels, noise, t, alphas_cumprod, keep):
    """The network is asked for the clean image. This one finds the noise."""
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    return F.mse_loss(model(x_t, labels, _fraction(t, alphas_cumprod), keep), x0)


@class_ddpm_loss("fresh noise (randn_like) in x_t")
def class_ddpm_loss_fresh_noise(model, x0, labels, noise, t, alphas_cumprod, keep):
    """The noise that is added is not the noise that is asked for."""
    x_t = add_noise(x0, torch.randn_like(x0), t, alphas_cumprod)
    return F.mse_loss(model(x_t, labels, _fraction(t, alphas_cumprod), keep), noise)


@class_ddpm_loss("sum instead of mean")
def class_ddpm_loss_sum(model, x0, labels, noise, t, alphas_cumprod, keep):
    """The squares are added up, not averaged."""
    return right_class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, keep) * x0.numel()


@class_ddpm_loss("detached")
def class_ddpm_loss_detached(model, x0, labels, noise, t, alphas_cumprod, keep):
    """The value is right, but no gradient reaches the network."""
    return right_class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, keep).detach()
