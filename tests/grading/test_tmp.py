import time
from grading.zygote import ROOT
from .conftest import told


def test_a(grade):
    for tasks in (["ddpm.posterior_step"], None):
        s = time.time()
        v = grade(ROOT / "tests/solutions/plain", tasks)
        print(tasks, time.time() - s, {x.outcome for x in v.values()})
        for x in v.values():
            print(x.task, told(x))
