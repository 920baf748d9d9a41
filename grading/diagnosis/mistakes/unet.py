"""Wrong UNets and wrong training losses.

The networks are variations of one small right network that has places to go wrong at.
"""

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
        bottom = gain * self.bottom(quarter) + shift
        up1 = self.up1(torch.cat([bottom, self.skip(quarter)], dim=1))
        up2 = self.up2(torch.cat([up1, self.skip(half)], dim=1))
        return self.finish(self.out(self.last(torch.cat([up2, self.skip(full)], dim=1))))

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


# UnconditionalUNet


@mistake(
    "unet.UnconditionalUNet",
    student="There are no skip connections: everything has to pass through the few numbers in the middle, and fine "
    "detail is lost.",
    staff="no skips through the 1 × 1 bottleneck: an autoencoder",
)
class UnconditionalWithoutSkips(_Pinched):
    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__(in_channels, num_hiddens)

    def forward(self, x):
        return self.up(self.down(x))


@mistake(
    "unet.UnconditionalUNet",
    student="The image is made smaller before anything is kept of it, so the skip connections carry no fine detail.",
    staff="all skips from a coarser scale: the input is pooled to 7 × 7 first",
)
class UnconditionalSkipsFromCoarseScale(_Unconditional):
    def forward(self, x):
        return self.run(F.interpolate(F.avg_pool2d(x, 4), scale_factor=4))


@mistake(
    "unet.UnconditionalUNet",
    student="The output is smaller than the input: one level is missing on the way up.",
    staff="last up-sampling missing: 14 × 14",
)
class UnconditionalHalfSize(_Unconditional):
    def finish(self, answer):
        return F.avg_pool2d(answer, 2)


@mistake(
    "unet.UnconditionalUNet",
    student="The output is two pixels smaller than the input. What does a convolution without padding do?",
    staff="padding missing in the last convolution: 26 × 26",
)
class UnconditionalWithoutPadding(_Unconditional):
    def finish(self, answer):
        return answer[:, :, 1:-1, 1:-1]


@mistake(
    "unet.UnconditionalUNet",
    student="The output always has one channel, whatever the input has.",
    staff="last convolution with 1 output channel hard-coded",
)
class UnconditionalOneChannelOut(_Unconditional):
    def finish(self, answer):
        return answer[:, :1]


@mistake(
    "unet.UnconditionalUNet",
    student="The number of channels of the images is not used.",
    staff="in_channels ignored: 1 hard-coded",
)
class UnconditionalInChannelsIgnored(_Unconditional):
    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__(1, num_hiddens)


@mistake(
    "unet.UnconditionalUNet",
    student="The output is the hidden features: the last convolution is missing.",
    staff="num_hiddens channels out",
)
class UnconditionalHiddenChannelsOut(_Unconditional):
    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__(in_channels, num_hiddens)
        self.out = nn.Conv2d(num_hiddens, num_hiddens + 1, 3, padding=1)


@mistake(
    "unet.UnconditionalUNet",
    student="Axes of length 1 disappear from the output.",
    staff="squeeze() at the end: (B, 28, 28)",
)
class UnconditionalSqueezed(_Unconditional):
    def finish(self, answer):
        return answer.squeeze()


@mistake(
    "unet.UnconditionalUNet",
    student="Evaluation mode changes nothing: the result for one image depends on its neighbours in the batch.",
    staff="batch normalisation without running statistics: batch coupling in eval()",
)
class UnconditionalBatchStatistics(_Unconditional):
    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__(in_channels, num_hiddens)
        self.enter = nn.Sequential(
            nn.Conv2d(in_channels, num_hiddens, 3, padding=1),
            nn.BatchNorm2d(num_hiddens, track_running_stats=False),
            nn.GELU(),
        )


@mistake(
    "unet.UnconditionalUNet",
    student="The input is normalised with the whole batch's mean, so each image's result depends on the others.",
    staff="x - x.mean() over the batch",
)
class UnconditionalInputCentredOverBatch(_Unconditional):
    def forward(self, x):
        return self.run(x - x.mean())


@mistake(
    "unet.UnconditionalUNet",
    student="Evaluation mode changes nothing: dropout keeps on, so the same image gives another result each time.",
    staff="F.dropout without training=self.training",
)
class UnconditionalDropoutAlwaysOn(_Unconditional):
    def skip(self, features):
        return F.dropout(features, 0.2)


@mistake(
    "unet.UnconditionalUNet",
    student="The layers stand in a plain Python list, where the optimizer does not find them.",
    staff="list instead of nn.ModuleList: no parameters registered",
)
class UnconditionalUnregistered(nn.Module):
    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__()
        self.layers = [_Unconditional(in_channels, num_hiddens)]

    def forward(self, x):
        return self.layers[0](x)


@mistake(
    "unet.UnconditionalUNet",
    student="The layers are made anew in every call, so nothing that is learned stays.",
    staff="modules constructed in forward",
)
class UnconditionalNewInEveryCall(nn.Module):
    def __init__(self, in_channels=1, num_hiddens=128):
        super().__init__()
        self.sizes = in_channels, num_hiddens
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return self.scale * _Unconditional(*self.sizes).to(x)(x)


@mistake(
    "unet.UnconditionalUNet",
    student="No gradient reaches the network: it cannot be trained.",
    staff="forward under no_grad, or the output detached",
)
class UnconditionalDetached(_Unconditional):
    def finish(self, answer):
        return answer.detach()


@mistake(
    "unet.UnconditionalUNet",
    student="Every image gets the same answer: the first one's.",
    staff="x[0] expanded over the batch",
)
class UnconditionalFirstImageForAll(_Unconditional):
    def forward(self, x):
        return self.run(x[:1]).expand_as(x)


@mistake(
    "unet.UnconditionalUNet",
    student="The caller's images are overwritten. Watch out for operations that work in place.",
    staff="x changed in place (normalised with sub_ and div_)",
)
class UnconditionalInPlace(_Unconditional):
    def forward(self, x):
        with torch.no_grad():
            x.sub_(0.5).div_(0.5)
        return self.run(x)


# TimeConditionalUNet


@mistake(
    "unet.TimeConditionalUNet",
    student="The time has no influence on the result. Where does its embedding go?",
    staff="time ignored",
)
class TimeIgnored(_TimeConditional):
    def forward(self, x, t):
        return self.run(x)


@mistake(
    "unet.TimeConditionalUNet",
    student="Every sample is told the first one's time.",
    staff="t[0] for the whole batch",
)
class TimeOfFirstSample(_TimeConditional):
    def embed(self, t):
        return super().embed(t[:1].expand_as(t))


@mistake(
    "unet.TimeConditionalUNet",
    student="All samples are told one time: the mean of the batch.",
    staff="t.mean(): batch coupling through the time",
)
class TimeAveragedOverBatch(_TimeConditional):
    def embed(self, t):
        return super().embed(t.mean().expand_as(t))


@mistake(
    "unet.TimeConditionalUNet",
    student="The embeddings are averaged over the batch before they are added.",
    staff="embedding.mean(dim=0)",
)
class TimeEmbeddingAveraged(_TimeConditional):
    def embed(self, t):
        return super().embed(t).mean(dim=0, keepdim=True)


@mistake(
    "unet.TimeConditionalUNet",
    student="The times in [0, 1) are rounded to a whole number, so that all of them become 0.",
    staff="t.long() into an embedding table",
)
class TimeRoundedDown(_TimeConditional):
    def embed(self, t):
        return super().embed(t.long().to(t.dtype))


@mistake(
    "unet.TimeConditionalUNet",
    student="What the time adds to a channel is taken off again by the normalisation that follows.",
    staff="time added as one value per channel right before an InstanceNorm: cancelled",
)
class TimeNormalisedAway(_TimeConditional):
    def run(self, x, gain=1, shift=0):
        full = self.enter(x)
        half = self.down1(full)
        quarter = self.down2(half)
        bottom = F.instance_norm(gain * self.bottom(quarter) + shift)
        up1 = self.up1(torch.cat([bottom, quarter], dim=1))
        up2 = self.up2(torch.cat([up1, half], dim=1))
        return self.out(self.last(torch.cat([up2, full], dim=1)))


@mistake(
    "unet.TimeConditionalUNet",
    student="The times line up with the width of the feature maps instead of with the batch.",
    staff="t of shape (B,) added unreshaped: an error, or silent at B = 7",
)
class TimeAlongWidth(_TimeConditional):
    def embed(self, t):
        return t


@mistake(
    "unet.TimeConditionalUNet",
    student="The time has to be a column here: one number per sample is refused.",
    staff="t expected as (B, 1): Linear(1, D) on (B,) fails",
)
class TimeColumnsOnly(_TimeConditional):
    def embed(self, t):
        return _over_pixels(self.time(t))


@mistake(
    "unet.TimeConditionalUNet",
    student="The time has to be a single number here. Each sample has one of its own.",
    staff="t.item(): a scalar timestep for the whole batch",
)
class TimeScalarsOnly(_TimeConditional):
    def embed(self, t):
        return super().embed(torch.full((1,), t.item(), dtype=t.dtype))


@mistake(
    "unet.TimeConditionalUNet",
    student="Evaluation mode changes nothing: the result for one image depends on its neighbours in the batch.",
    staff="batch normalisation without running statistics: batch coupling in eval()",
)
class TimeBatchStatistics(_TimeConditional):
    def __init__(self, in_channels=1, num_hiddens=64):
        super().__init__(in_channels, num_hiddens)
        self.down1 = nn.Sequential(
            nn.Conv2d(num_hiddens, num_hiddens, 3, stride=2, padding=1),
            nn.BatchNorm2d(num_hiddens, track_running_stats=False),
            nn.GELU(),
        )


@mistake(
    "unet.TimeConditionalUNet",
    student="Evaluation mode changes nothing: dropout keeps on, so the same image gives another result each time.",
    staff="F.dropout without training=self.training",
)
class TimeDropoutAlwaysOn(_TimeConditional):
    def skip(self, features):
        return F.dropout(features, 0.2)


@mistake(
    "unet.TimeConditionalUNet",
    student="There are no skip connections: everything has to pass through the few numbers in the middle, and fine "
    "detail is lost.",
    staff="no skips through the 1 × 1 bottleneck",
)
class TimeWithoutSkips(_Pinched):
    def __init__(self, in_channels=1, num_hiddens=64):
        super().__init__(in_channels, num_hiddens)
        self.time = _Embedding(1, num_hiddens)

    def forward(self, x, t):
        return self.up(self.down(x) + _over_pixels(self.time(t[:, None])))


@mistake(
    "unet.TimeConditionalUNet",
    student="The output is limited to [0, 1] like a picture. This network answers with noise.",
    staff="sigmoid at the end: noise has both signs",
)
class TimeSigmoidAtTheEnd(_TimeConditional):
    def finish(self, answer):
        return answer.sigmoid()


@mistake(
    "unet.TimeConditionalUNet",
    student="Negative values are cut off at the end. This network answers with noise, which has both signs.",
    staff="ReLU at the end",
)
class TimeReluAtTheEnd(_TimeConditional):
    def finish(self, answer):
        return answer.relu()


@mistake(
    "unet.TimeConditionalUNet",
    student="The output is limited to [-1, 1]. Noise goes beyond that.",
    staff="tanh at the end",
)
class TimeTanhAtTheEnd(_TimeConditional):
    def finish(self, answer):
        return answer.tanh()


@mistake(
    "unet.TimeConditionalUNet",
    student="The output always has one channel, whatever the input has.",
    staff="last convolution with 1 output channel hard-coded",
)
class TimeOneChannelOut(_TimeConditional):
    def finish(self, answer):
        return answer[:, :1]


@mistake(
    "unet.TimeConditionalUNet",
    student="The output is smaller than the input: one level is missing on the way up.",
    staff="last up-sampling missing: 14 × 14",
)
class TimeHalfSize(_TimeConditional):
    def finish(self, answer):
        return F.avg_pool2d(answer, 2)


@mistake(
    "unet.TimeConditionalUNet",
    student="Axes of length 1 disappear from the output.",
    staff="squeeze() at the end: (B, 28, 28)",
)
class TimeSqueezed(_TimeConditional):
    def finish(self, answer):
        return answer.squeeze()


# ClassConditionalUNet


@mistake(
    "unet.ClassConditionalUNet",
    student="The class has no influence on the result. Where does its embedding go?",
    staff="class ignored",
)
class ClassIgnored(_ClassConditional):
    def forward(self, x, c, t, keep=None):
        return self.run(x, shift=self.embed(t))


@mistake(
    "unet.ClassConditionalUNet",
    student="The time has no influence on the result. Where does its embedding go?",
    staff="time ignored",
)
class ClassTimeIgnored(_ClassConditional):
    def embed(self, t):
        return torch.zeros_like(t)[:, None, None, None]


@mistake(
    "unet.ClassConditionalUNet",
    student="Every sample is told the first one's class.",
    staff="c[0] for the whole batch",
)
class ClassOfFirstSample(_ClassConditional):
    def vector(self, c, keep, x):
        return super().vector(c[:1].expand_as(c), keep, x)


@mistake(
    "unet.ClassConditionalUNet",
    student="Every sample is told the first one's time.",
    staff="t[0] for the whole batch",
)
class ClassTimeOfFirstSample(_ClassConditional):
    def embed(self, t):
        return super().embed(t[:1].expand_as(t))


@mistake(
    "unet.ClassConditionalUNet",
    student="All samples are told a mixture of the batch's classes.",
    staff="one-hot vectors averaged over the batch",
)
class ClassAveragedOverBatch(_ClassConditional):
    def vector(self, c, keep, x):
        one_hot = super().vector(c, keep, x)
        return one_hot.mean(dim=0, keepdim=True).expand_as(one_hot)


@mistake(
    "unet.ClassConditionalUNet",
    student="The mask is inverted: classes are dropped where they should be kept.",
    staff="keep inverted",
)
class ClassKeepInverted(_ClassConditional):
    def vector(self, c, keep, x):
        return super().vector(c, None if keep is None else 1 - keep, x)


@mistake(
    "unet.ClassConditionalUNet",
    student="The mask is not used: the class is never dropped.",
    staff="keep ignored",
)
class ClassKeepIgnored(_ClassConditional):
    def vector(self, c, keep, x):
        return super().vector(c, None, x)


@mistake(
    "unet.ClassConditionalUNet",
    student="One decision for the whole batch: the first sample's. Each sample has its own.",
    staff="keep per batch: keep[0]",
)
class ClassKeepOfFirstSample(_ClassConditional):
    def vector(self, c, keep, x):
        return super().vector(c, None if keep is None else keep[:1].expand_as(keep), x)


@mistake(
    "unet.ClassConditionalUNet",
    student="One dropped sample drops the class of the whole batch.",
    staff="keep per batch: keep.min(), all(keep)",
)
class ClassDropSpreadsOverBatch(_ClassConditional):
    def vector(self, c, keep, x):
        return super().vector(c, None if keep is None else keep.min().expand_as(keep), x)


@mistake(
    "unet.ClassConditionalUNet",
    student="A dropped sample is told class 0. No class is something else than the first one.",
    staff="label 0 as the null class (seen): c · keep",
)
class ClassDroppedToLabelZero(_ClassConditional):
    def vector(self, c, keep, x):
        return super().vector(c if keep is None else c * keep.long(), None, x)


@mistake(
    "unet.ClassConditionalUNet",
    student="The class enters as a number, so that class 0 looks like no class at all.",
    staff="class index as a number, c · keep / K",
)
class ClassAsNumber(_ClassConditional):
    def vector(self, c, keep, x):
        number = c.to(x.dtype) / self.num_classes
        number = number if keep is None else number * keep
        return number[:, None].expand(-1, self.num_classes)


@mistake(
    "unet.ClassConditionalUNet",
    student="Classes other than 0 cannot be told apart.",
    staff="c.bool(): a yes or no instead of a one-hot vector",
)
class ClassAsYesOrNo(_ClassConditional):
    def vector(self, c, keep, x):
        return super().vector((c > 0).long(), keep, x)


@mistake(
    "unet.ClassConditionalUNet",
    student="Without a mask every class is dropped. No mask means that all are kept.",
    staff="keep=None taken as zeros",
)
class ClassDroppedWithoutMask(_ClassConditional):
    def vector(self, c, keep, x):
        return super().vector(c, torch.zeros_like(x[:, 0, 0, 0]) if keep is None else keep, x)


@mistake(
    "unet.ClassConditionalUNet",
    student="The network cannot be called without a mask.",
    staff="keep=None not handled",
)
class ClassMaskRequired(_ClassConditional):
    def vector(self, c, keep, x):
        return F.one_hot(c, self.num_classes).to(x.dtype) * keep[:, None]


@mistake(
    "unet.ClassConditionalUNet",
    student="The network draws by itself whose class is dropped. That is the mask's part.",
    staff="dropped with probability 0.1 inside, in eval() too",
)
class ClassDropsByItself(_ClassConditional):
    def vector(self, c, keep, x):
        drawn = (torch.rand(len(c)) > 0.1).to(x.dtype)
        return super().vector(c, drawn if keep is None else keep * drawn, x)


@mistake(
    "unet.ClassConditionalUNet",
    student="A dropped sample loses its time as well. Only the class is dropped.",
    staff="keep multiplies the time embedding, too",
)
class ClassKeepDropsTime(_ClassConditional):
    def forward(self, x, c, t, keep=None):
        mask = torch.ones_like(t) if keep is None else keep
        gain = _over_pixels(self.classes(self.vector(c, keep, x)))
        return self.run(x, gain, self.embed(t) * mask[:, None, None, None])


@mistake(
    "unet.ClassConditionalUNet",
    student="A dropped sample loses its image as well. Only the class is dropped.",
    staff="keep multiplies x",
)
class ClassKeepDropsImage(_ClassConditional):
    def forward(self, x, c, t, keep=None):
        return super().forward(x if keep is None else x * keep[:, None, None, None], c, t, keep)


@mistake(
    "unet.ClassConditionalUNet",
    student="The labels of dropped samples are overwritten in the caller's tensor.",
    staff="c[keep == 0] = … in place",
)
class ClassChangesLabels(_ClassConditional):
    def forward(self, x, c, t, keep=None):
        answer = super().forward(x, c, t, keep)
        if keep is not None:
            c[keep == 0] = 0
        return answer


@mistake(
    "unet.ClassConditionalUNet",
    student="Class and time are taken in the wrong order.",
    staff="forward(x, t, c)",
)
class ClassAndTimeSwapped(_ClassConditional):
    def forward(self, x, c, t, keep=None):
        return super().forward(x, t.long(), c.to(x.dtype), keep)


@mistake(
    "unet.ClassConditionalUNet",
    student="The number of classes is not used.",
    staff="num_classes ignored: 10 hard-coded",
)
class ClassNumberHardCoded(_ClassConditional):
    def __init__(self, in_channels=1, num_classes=10, num_hiddens=64):
        super().__init__(in_channels, 10, num_hiddens)


@mistake(
    "unet.ClassConditionalUNet",
    student="The class scales a channel right before a normalisation, which takes the factor out again.",
    staff="positive class gain (softplus) right before an InstanceNorm: cancelled",
)
class ClassNormalisedAway(_ClassConditional):
    def run(self, x, gain=1, shift=0):
        full = self.enter(x)
        half = self.down1(full)
        quarter = self.down2(half)
        bottom = F.instance_norm(F.softplus(torch.as_tensor(gain)) * self.bottom(quarter), eps=1e-12) + shift
        up1 = self.up1(torch.cat([bottom, quarter], dim=1))
        up2 = self.up2(torch.cat([up1, half], dim=1))
        return self.out(self.last(torch.cat([up2, full], dim=1)))


@mistake(
    "unet.ClassConditionalUNet",
    student="Evaluation mode changes nothing: the result for one image depends on its neighbours in the batch.",
    staff="batch normalisation without running statistics: batch coupling in eval()",
)
class ClassBatchStatistics(_ClassConditional):
    def __init__(self, in_channels=1, num_classes=10, num_hiddens=64):
        super().__init__(in_channels, num_classes, num_hiddens)
        self.down1 = nn.Sequential(
            nn.Conv2d(num_hiddens, num_hiddens, 3, stride=2, padding=1),
            nn.BatchNorm2d(num_hiddens, track_running_stats=False),
            nn.GELU(),
        )


@mistake(
    "unet.ClassConditionalUNet",
    student="There are no skip connections: everything has to pass through the few numbers in the middle, and fine "
    "detail is lost.",
    staff="no skips through the 1 × 1 bottleneck",
)
class ClassWithoutSkips(_Pinched):
    def __init__(self, in_channels=1, num_classes=10, num_hiddens=64):
        super().__init__(in_channels, num_hiddens)
        self.num_classes = num_classes
        self.time, self.classes = _Embedding(1, num_hiddens), _Embedding(num_classes, num_hiddens)

    def forward(self, x, c, t, keep=None):
        one_hot = F.one_hot(c, self.num_classes).to(x.dtype)
        one_hot = one_hot if keep is None else one_hot * keep[:, None]
        gain, shift = _over_pixels(self.classes(one_hot)), _over_pixels(self.time(t[:, None]))
        return self.up(gain * self.down(x) + shift)


@mistake(
    "unet.ClassConditionalUNet",
    student="Negative values are cut off at the end. This network answers with noise, which has both signs.",
    staff="ReLU at the end",
)
class ClassReluAtTheEnd(_ClassConditional):
    def finish(self, answer):
        return answer.relu()


@mistake(
    "unet.ClassConditionalUNet",
    student="The output always has one channel, whatever the input has.",
    staff="last convolution with 1 output channel hard-coded",
)
class ClassOneChannelOut(_ClassConditional):
    def finish(self, answer):
        return answer[:, :1]


# denoiser_loss


@mistake(
    "unet.denoiser_loss",
    student="Sigma is taken as a variance. It is a standard deviation.",
    staff="σ as variance: √σ · noise",
)
def denoiser_loss_sigma_as_variance(model, x0, noise, sigma):
    return F.mse_loss(model(x0 + sigma**0.5 * noise), x0)


@mistake(
    "unet.denoiser_loss",
    student="The noise is scaled with the square of sigma.",
    staff="σ² · noise",
)
def denoiser_loss_sigma_squared(model, x0, noise, sigma):
    return F.mse_loss(model(x0 + sigma**2 * noise), x0)


@mistake(
    "unet.denoiser_loss",
    student="Sigma is not used.",
    staff="σ ignored",
)
def denoiser_loss_sigma_ignored(model, x0, noise, sigma):
    return F.mse_loss(model(x0 + noise), x0)


@mistake(
    "unet.denoiser_loss",
    student="The network is asked for the noise. This one gives the clean image in one step.",
    staff="target = noise (one-step denoiser)",
)
def denoiser_loss_target_noise(model, x0, noise, sigma):
    return F.mse_loss(model(x0 + sigma * noise), noise)


@mistake(
    "unet.denoiser_loss",
    student="The network is rewarded for giving back what it was given.",
    staff="target = noisy image",
)
def denoiser_loss_target_noisy_image(model, x0, noise, sigma):
    noisy = x0 + sigma * noise
    return F.mse_loss(model(noisy), noisy)


@mistake(
    "unet.denoiser_loss",
    student="The network is taken to answer with what is to be subtracted. It answers with the image.",
    staff="residual prediction: noisy - model(noisy) compared",
)
def denoiser_loss_residual(model, x0, noise, sigma):
    noisy = x0 + sigma * noise
    return F.mse_loss(noisy - model(noisy), x0)


@mistake(
    "unet.denoiser_loss",
    student="The noisy image is cut off at [0, 1], which takes part of the noise away.",
    staff="noised image clamped to [0, 1]",
)
def denoiser_loss_input_clamped(model, x0, noise, sigma):
    return F.mse_loss(model((x0 + sigma * noise).clamp(0, 1)), x0)


@mistake(
    "unet.denoiser_loss",
    student="The noisy image is cut off at [-1, 1], which takes part of the noise away.",
    staff="noised image clamped to [-1, 1]",
)
def denoiser_loss_input_clamped_signed(model, x0, noise, sigma):
    return F.mse_loss(model((x0 + sigma * noise).clamp(-1, 1)), x0)


@mistake(
    "unet.denoiser_loss",
    student="The network's answer is cut off, so that it learns nothing from what exceeds the range.",
    staff="answer clamped to [0, 1]",
)
def denoiser_loss_answer_clamped(model, x0, noise, sigma):
    return F.mse_loss(model(x0 + sigma * noise).clamp(0, 1), x0)


@mistake(
    "unet.denoiser_loss",
    student="The network is shown the clean image.",
    staff="no noise added",
)
def denoiser_loss_clean_input(model, x0, noise, sigma):
    return F.mse_loss(model(x0), x0)


@mistake(
    "unet.denoiser_loss",
    student="The image is made smaller as noise is added. The one-step denoiser keeps it as it is.",
    staff="VP: √(1 - σ²) x0 + σ noise",
)
def denoiser_loss_variance_preserving(model, x0, noise, sigma):
    return F.mse_loss(model(abs(1 - sigma**2) ** 0.5 * x0 + sigma * noise), x0)


@mistake(
    "unet.denoiser_loss",
    student="Image and noise are blended.",
    staff="(1 - σ) x0 + σ noise",
)
def denoiser_loss_blended(model, x0, noise, sigma):
    return F.mse_loss(model((1 - sigma) * x0 + sigma * noise), x0)


@mistake(
    "unet.denoiser_loss",
    student="The noise that was handed in is not used: other noise is drawn.",
    staff="fresh noise (randn_like)",
)
def denoiser_loss_fresh_noise(model, x0, noise, sigma):
    return F.mse_loss(model(x0 + sigma * torch.randn_like(x0)), x0)


@mistake(
    "unet.denoiser_loss",
    student="All images get the first one's noise.",
    staff="noise[0] for the whole batch",
)
def denoiser_loss_one_noise_for_batch(model, x0, noise, sigma):
    return F.mse_loss(model(x0 + sigma * noise[:1]), x0)


@mistake(
    "unet.denoiser_loss",
    student="The squares are added up, not averaged.",
    staff="sum instead of mean",
)
def denoiser_loss_sum(model, x0, noise, sigma):
    return F.mse_loss(model(x0 + sigma * noise), x0, reduction="sum")


@mistake(
    "unet.denoiser_loss",
    student="The squares are added up within an image and averaged over the batch only.",
    staff="batch mean of sums (the handout's ‖·‖² read literally)",
)
def denoiser_loss_sum_per_image(model, x0, noise, sigma):
    return (model(x0 + sigma * noise) - x0).square().sum(dim=(1, 2, 3)).mean()


@mistake(
    "unet.denoiser_loss",
    student="Absolute differences are taken. Squares are asked for.",
    staff="L1",
)
def denoiser_loss_l1(model, x0, noise, sigma):
    return F.l1_loss(model(x0 + sigma * noise), x0)


@mistake(
    "unet.denoiser_loss",
    student="A root is taken at the end.",
    staff="root mean square",
)
def denoiser_loss_root(model, x0, noise, sigma):
    return F.mse_loss(model(x0 + sigma * noise), x0).sqrt()


@mistake(
    "unet.denoiser_loss",
    student="The value is right, but no gradient reaches the network.",
    staff="detached",
)
def denoiser_loss_detached(model, x0, noise, sigma):
    return right_denoiser_loss(model, x0, noise, sigma).detach()


@mistake(
    "unet.denoiser_loss",
    student="The clean images are overwritten with noisy ones, and are the target at the same time.",
    staff="x0 changed in place (+=)",
)
def denoiser_loss_in_place(model, x0, noise, sigma):
    target = x0.detach().clone()
    with torch.no_grad():
        x0 += sigma * noise
    return F.mse_loss(model(x0), target)


# ddpm_loss


def _per_image(values):
    return values.reshape(-1, 1, 1, 1)


def _fraction(t, alphas_cumprod):
    return t.to(alphas_cumprod) / len(alphas_cumprod)


@mistake(
    "unet.ddpm_loss",
    student="The network is told the timestep as it is. It expects a fraction of the chain.",
    staff="t not divided by T",
)
def ddpm_loss_t_not_divided(model, x0, noise, t, alphas_cumprod):
    return F.mse_loss(model(add_noise(x0, noise, t, alphas_cumprod), t.to(x0.dtype)), noise)


@mistake(
    "unet.ddpm_loss",
    student="Whole numbers are divided to a whole number: the network is always told 0.",
    staff="t // T",
)
def ddpm_loss_t_integer_divided(model, x0, noise, t, alphas_cumprod):
    fraction = (t // len(alphas_cumprod)).to(x0.dtype)
    return F.mse_loss(model(add_noise(x0, noise, t, alphas_cumprod), fraction), noise)


@mistake(
    "unet.ddpm_loss",
    student="The timestep is divided by a fixed number instead of by the length of the schedule.",
    staff="t / 1000 hard-coded",
)
def ddpm_loss_divided_by_1000(model, x0, noise, t, alphas_cumprod):
    return F.mse_loss(model(add_noise(x0, noise, t, alphas_cumprod), t.to(x0.dtype) / 1000), noise)


@mistake(
    "unet.ddpm_loss",
    student="The fraction that the network is told is one step too large: timesteps count from 0.",
    staff="(t + 1) / T",
)
def ddpm_loss_fraction_one_based(model, x0, noise, t, alphas_cumprod):
    return F.mse_loss(model(add_noise(x0, noise, t, alphas_cumprod), _fraction(t + 1, alphas_cumprod)), noise)


@mistake(
    "unet.ddpm_loss",
    student="The timestep is divided by the last timestep instead of by the length of the schedule.",
    staff="t / (T - 1)",
)
def ddpm_loss_divided_by_last_timestep(model, x0, noise, t, alphas_cumprod):
    fraction = t.to(x0.dtype) / (len(alphas_cumprod) - 1)
    return F.mse_loss(model(add_noise(x0, noise, t, alphas_cumprod), fraction), noise)


@mistake(
    "unet.ddpm_loss",
    student="The noise level is one step off: the table starts counting at 0.",
    staff="alphas_cumprod[t - 1]: 1-based, wraps around at t = 0",
)
def ddpm_loss_level_one_based(model, x0, noise, t, alphas_cumprod):
    x_t = add_noise(x0, noise, (t - 1) % len(alphas_cumprod), alphas_cumprod)
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod)), noise)


@mistake(
    "unet.ddpm_loss",
    student="All images are noised to the first one's timestep.",
    staff="t[0] for the whole batch's noise level",
)
def ddpm_loss_first_level_for_all(model, x0, noise, t, alphas_cumprod):
    x_t = add_noise(x0, noise, t[:1].expand_as(t), alphas_cumprod)
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod)), noise)


@mistake(
    "unet.ddpm_loss",
    student="The network is told the first image's timestep for all of them.",
    staff="t[0] told to the network",
)
def ddpm_loss_first_timestep_told(model, x0, noise, t, alphas_cumprod):
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    return F.mse_loss(model(x_t, _fraction(t[:1].expand_as(t), alphas_cumprod)), noise)


@mistake(
    "unet.ddpm_loss",
    student="Both weights of the forward process lack their square roots.",
    staff="ᾱ x0 + (1 - ᾱ) noise",
)
def ddpm_loss_without_roots(model, x0, noise, t, alphas_cumprod):
    abar_t = _per_image(alphas_cumprod[t])
    return F.mse_loss(model(abar_t * x0 + (1 - abar_t) * noise, _fraction(t, alphas_cumprod)), noise)


@mistake(
    "unet.ddpm_loss",
    student="The noise is weighted with its variance.",
    staff="√ᾱ x0 + (1 - ᾱ) noise",
)
def ddpm_loss_variance_as_std(model, x0, noise, t, alphas_cumprod):
    abar_t = _per_image(alphas_cumprod[t])
    return F.mse_loss(model(abar_t.sqrt() * x0 + (1 - abar_t) * noise, _fraction(t, alphas_cumprod)), noise)


@mistake(
    "unet.ddpm_loss",
    student="The two weights of the forward process have changed places.",
    staff="√(1 - ᾱ) x0 + √ᾱ noise",
)
def ddpm_loss_weights_swapped(model, x0, noise, t, alphas_cumprod):
    x_t = add_noise(noise, x0, t, alphas_cumprod)
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod)), noise)


@mistake(
    "unet.ddpm_loss",
    student="The noise level is that of a single step, while x_t has gone through all steps up to t.",
    staff="alpha_t for abar_t",
)
def ddpm_loss_single_step_level(model, x0, noise, t, alphas_cumprod):
    alphas = alphas_cumprod / torch.cat([torch.ones_like(alphas_cumprod[:1]), alphas_cumprod[:-1]])
    return F.mse_loss(model(add_noise(x0, noise, t, alphas), _fraction(t, alphas_cumprod)), noise)


@mistake(
    "unet.ddpm_loss",
    student="Noise is added to the image at its full size.",
    staff="x0 + √(1 - ᾱ) noise",
)
def ddpm_loss_image_not_scaled(model, x0, noise, t, alphas_cumprod):
    x_t = x0 + _per_image(1 - alphas_cumprod[t]).sqrt() * noise
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod)), noise)


@mistake(
    "unet.ddpm_loss",
    student="The noise levels line up with the width of the images instead of with the batch.",
    staff="ᾱ of shape (B,) unreshaped: an error, or silent at B = W",
)
def ddpm_loss_levels_along_width(model, x0, noise, t, alphas_cumprod):
    abar_t = alphas_cumprod[t]
    return F.mse_loss(model(abar_t.sqrt() * x0 + (1 - abar_t).sqrt() * noise, _fraction(t, alphas_cumprod)), noise)


@mistake(
    "unet.ddpm_loss",
    student="The network is asked for the clean image. This one finds the noise.",
    staff="target = x0",
)
def ddpm_loss_target_image(model, x0, noise, t, alphas_cumprod):
    return F.mse_loss(model(add_noise(x0, noise, t, alphas_cumprod), _fraction(t, alphas_cumprod)), x0)


@mistake(
    "unet.ddpm_loss",
    student="The network is asked for the noise as it was added, scaled by its level. The plain noise is the target.",
    staff="target = √(1 - ᾱ) noise",
)
def ddpm_loss_target_scaled_noise(model, x0, noise, t, alphas_cumprod):
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod)), _per_image(1 - alphas_cumprod[t]).sqrt() * noise)


@mistake(
    "unet.ddpm_loss",
    student="The network is asked for a mixture of noise and image, as in v-prediction.",
    staff="target = v",
)
def ddpm_loss_target_velocity(model, x0, noise, t, alphas_cumprod):
    x_t, abar_t = add_noise(x0, noise, t, alphas_cumprod), _per_image(alphas_cumprod[t])
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod)), abar_t.sqrt() * noise - (1 - abar_t).sqrt() * x0)


@mistake(
    "unet.ddpm_loss",
    student="The noise that is added is not the noise that is asked for.",
    staff="fresh noise (randn_like) in x_t",
)
def ddpm_loss_fresh_noise(model, x0, noise, t, alphas_cumprod):
    x_t = add_noise(x0, torch.randn_like(x0), t, alphas_cumprod)
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod)), noise)


@mistake(
    "unet.ddpm_loss",
    student="The network is shown the clean image.",
    staff="model(x0, t / T)",
)
def ddpm_loss_clean_input(model, x0, noise, t, alphas_cumprod):
    return F.mse_loss(model(x0, _fraction(t, alphas_cumprod)), noise)


@mistake(
    "unet.ddpm_loss",
    student="The noisy image is cut off at [-1, 1], which takes part of the noise away.",
    staff="x_t clamped",
)
def ddpm_loss_input_clamped(model, x0, noise, t, alphas_cumprod):
    x_t = add_noise(x0, noise, t, alphas_cumprod).clamp(-1, 1)
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod)), noise)


@mistake(
    "unet.ddpm_loss",
    student="The squares are added up, not averaged.",
    staff="sum instead of mean",
)
def ddpm_loss_sum(model, x0, noise, t, alphas_cumprod):
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod)), noise, reduction="sum")


@mistake(
    "unet.ddpm_loss",
    student="The squares are added up within an image and averaged over the batch only.",
    staff="batch mean of sums",
)
def ddpm_loss_sum_per_image(model, x0, noise, t, alphas_cumprod):
    return right_ddpm_loss(model, x0, noise, t, alphas_cumprod) * x0[0].numel()


@mistake(
    "unet.ddpm_loss",
    student="Absolute differences are taken. Squares are asked for.",
    staff="L1",
)
def ddpm_loss_l1(model, x0, noise, t, alphas_cumprod):
    return F.l1_loss(model(add_noise(x0, noise, t, alphas_cumprod), _fraction(t, alphas_cumprod)), noise)


@mistake(
    "unet.ddpm_loss",
    student="Timesteps count differently: each is weighted by its noise level. All count the same.",
    staff="weighted by 1 - ᾱ",
)
def ddpm_loss_weighted(model, x0, noise, t, alphas_cumprod):
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    squares = (model(x_t, _fraction(t, alphas_cumprod)) - noise).square()
    return (_per_image(1 - alphas_cumprod[t]) * squares).mean()


@mistake(
    "unet.ddpm_loss",
    student="The value is right, but no gradient reaches the network.",
    staff="detached",
)
def ddpm_loss_detached(model, x0, noise, t, alphas_cumprod):
    return right_ddpm_loss(model, x0, noise, t, alphas_cumprod).detach()


# class_ddpm_loss


@mistake(
    "unet.class_ddpm_loss",
    student="The network is not told the labels.",
    staff="labels dropped: zeros handed on",
)
def class_ddpm_loss_labels_dropped(model, x0, labels, noise, t, alphas_cumprod, keep):
    return right_class_ddpm_loss(model, x0, torch.zeros_like(labels), noise, t, alphas_cumprod, keep)


@mistake(
    "unet.class_ddpm_loss",
    student="Every image is given the first one's label.",
    staff="labels[0] for the whole batch",
)
def class_ddpm_loss_first_label_for_all(model, x0, labels, noise, t, alphas_cumprod, keep):
    return right_class_ddpm_loss(model, x0, labels[:1].expand_as(labels), noise, t, alphas_cumprod, keep)


@mistake(
    "unet.class_ddpm_loss",
    student="The mask is not handed on: the network is always told the class, so it never learns to do without.",
    staff="keep ignored",
)
def class_ddpm_loss_keep_ignored(model, x0, labels, noise, t, alphas_cumprod, keep):
    return right_class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, torch.ones_like(keep))


@mistake(
    "unet.class_ddpm_loss",
    student="The mask is not handed on to the network.",
    staff="model called without keep",
)
def class_ddpm_loss_keep_not_passed(model, x0, labels, noise, t, alphas_cumprod, keep):
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    return F.mse_loss(model(x_t, labels, _fraction(t, alphas_cumprod)), noise)


@mistake(
    "unet.class_ddpm_loss",
    student="The mask is inverted: nine classes in ten are dropped.",
    staff="keep inverted",
)
def class_ddpm_loss_keep_inverted(model, x0, labels, noise, t, alphas_cumprod, keep):
    return right_class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, 1 - keep)


@mistake(
    "unet.class_ddpm_loss",
    student="One decision for the whole batch: the first sample's. Each sample has its own.",
    staff="keep per batch",
)
def class_ddpm_loss_keep_of_first_sample(model, x0, labels, noise, t, alphas_cumprod, keep):
    return right_class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, keep[:1].expand_as(keep))


@mistake(
    "unet.class_ddpm_loss",
    student="The mask that was handed in is not used: another one is drawn.",
    staff="keep drawn inside",
)
def class_ddpm_loss_keep_drawn(model, x0, labels, noise, t, alphas_cumprod, keep):
    drawn = (torch.rand(len(x0)) > 0.1).to(x0.dtype)
    return right_class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, drawn)


@mistake(
    "unet.class_ddpm_loss",
    student="The mask acts on the labels: dropped samples are taught as class 0.",
    staff="labels · keep: label 0 as the null class (seen)",
)
def class_ddpm_loss_keep_on_labels(model, x0, labels, noise, t, alphas_cumprod, keep):
    return right_class_ddpm_loss(model, x0, labels * keep.long(), noise, t, alphas_cumprod, torch.ones_like(keep))


@mistake(
    "unet.class_ddpm_loss",
    student="Dropped samples do not count in the loss. They are how the network learns to do without a class.",
    staff="loss multiplied by keep",
)
def class_ddpm_loss_kept_samples_only(model, x0, labels, noise, t, alphas_cumprod, keep):
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    squares = (model(x_t, labels, _fraction(t, alphas_cumprod), keep) - noise).square()
    return (_per_image(keep) * squares).mean()


@mistake(
    "unet.class_ddpm_loss",
    student="The network's arguments come in the wrong order: class and time are swapped.",
    staff="model(x_t, t / T, labels, keep)",
)
def class_ddpm_loss_arguments_swapped(model, x0, labels, noise, t, alphas_cumprod, keep):
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    return F.mse_loss(model(x_t, _fraction(t, alphas_cumprod), labels, keep), noise)


@mistake(
    "unet.class_ddpm_loss",
    student="The network is handed one-hot vectors. It makes them itself, from labels.",
    staff="F.one_hot(labels) passed",
)
def class_ddpm_loss_one_hot_labels(model, x0, labels, noise, t, alphas_cumprod, keep):
    x_t, one_hot = add_noise(x0, noise, t, alphas_cumprod), F.one_hot(labels, 10).to(x0.dtype)
    return F.mse_loss(model(x_t, one_hot, _fraction(t, alphas_cumprod), keep), noise)


@mistake(
    "unet.class_ddpm_loss",
    student="The network is told the timestep as it is. It expects a fraction of the chain.",
    staff="t not divided by T",
)
def class_ddpm_loss_t_not_divided(model, x0, labels, noise, t, alphas_cumprod, keep):
    return F.mse_loss(model(add_noise(x0, noise, t, alphas_cumprod), labels, t.to(x0.dtype), keep), noise)


@mistake(
    "unet.class_ddpm_loss",
    student="Whole numbers are divided to a whole number: the network is always told 0.",
    staff="t // T",
)
def class_ddpm_loss_t_integer_divided(model, x0, labels, noise, t, alphas_cumprod, keep):
    fraction = (t // len(alphas_cumprod)).to(x0.dtype)
    return F.mse_loss(model(add_noise(x0, noise, t, alphas_cumprod), labels, fraction, keep), noise)


@mistake(
    "unet.class_ddpm_loss",
    student="The noise level is one step off: the table starts counting at 0.",
    staff="alphas_cumprod[t - 1]",
)
def class_ddpm_loss_level_one_based(model, x0, labels, noise, t, alphas_cumprod, keep):
    x_t = add_noise(x0, noise, (t - 1) % len(alphas_cumprod), alphas_cumprod)
    return F.mse_loss(model(x_t, labels, _fraction(t, alphas_cumprod), keep), noise)


@mistake(
    "unet.class_ddpm_loss",
    student="Both weights of the forward process lack their square roots.",
    staff="ᾱ x0 + (1 - ᾱ) noise",
)
def class_ddpm_loss_without_roots(model, x0, labels, noise, t, alphas_cumprod, keep):
    abar_t = _per_image(alphas_cumprod[t])
    x_t = abar_t * x0 + (1 - abar_t) * noise
    return F.mse_loss(model(x_t, labels, _fraction(t, alphas_cumprod), keep), noise)


@mistake(
    "unet.class_ddpm_loss",
    student="The network is asked for the clean image. This one finds the noise.",
    staff="target = x0",
)
def class_ddpm_loss_target_image(model, x0, labels, noise, t, alphas_cumprod, keep):
    x_t = add_noise(x0, noise, t, alphas_cumprod)
    return F.mse_loss(model(x_t, labels, _fraction(t, alphas_cumprod), keep), x0)


@mistake(
    "unet.class_ddpm_loss",
    student="The noise that is added is not the noise that is asked for.",
    staff="fresh noise (randn_like) in x_t",
)
def class_ddpm_loss_fresh_noise(model, x0, labels, noise, t, alphas_cumprod, keep):
    x_t = add_noise(x0, torch.randn_like(x0), t, alphas_cumprod)
    return F.mse_loss(model(x_t, labels, _fraction(t, alphas_cumprod), keep), noise)


@mistake(
    "unet.class_ddpm_loss",
    student="The squares are added up, not averaged.",
    staff="sum instead of mean",
)
def class_ddpm_loss_sum(model, x0, labels, noise, t, alphas_cumprod, keep):
    return right_class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, keep) * x0.numel()


@mistake(
    "unet.class_ddpm_loss",
    student="The value is right, but no gradient reaches the network.",
    staff="detached",
)
def class_ddpm_loss_detached(model, x0, labels, noise, t, alphas_cumprod, keep):
    return right_class_ddpm_loss(model, x0, labels, noise, t, alphas_cumprod, keep).detach()
