"""Formulas in LaTeX against the functions that they stand over: the reference's, the handouts', and whatever is asked about."""

import re
from contextlib import suppress
from dataclasses import replace

import pytest

from grading.__main__ import main
from grading.contract.docstrings import formulas_in
from grading.contract.functions import FUNCTIONS
from grading.formulas.docstrings import every
from grading.formulas.exceptions import NOT_EVALUATED
from grading.formulas.held import of_docstring, of_equation
from grading.formulas.inquiry import ask, conventions
from grading.formulas.latex import NotUnderstood, parse
from grading.formulas.latex.tree import Name, Product, Quotient, spelling_of
from grading.formulas.scope import canonical
from grading.formulas.sources import NAMES, equations_of, load
from grading.formulas.symbols import symbols_of
from grading.paths import ROOT
from grading.verdicts import Unusable

FORMULAS = {formula.key: formula for formula in every()}
EVALUATED = [key for key in FORMULAS if key not in NOT_EVALUATED]
EQUATION = {equation.number: equation for equation in load("eecs498-hw5").equations}
EQUATIONS = [equation for name in NAMES for equation in load(name).equations]
POSTERIOR = r"\frac{\sqrt{ᾱ_{prev}}\, β}{1 - ᾱ_t}\, x_0 + \frac{\sqrt{α}\,(1 - ᾱ_{prev})}{1 - ᾱ_t}\, x_t"


def side(latex):
    return parse(latex)[0].chain.sides[0]


# --- the grammar ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written, spelling",
    [
        (r"\bar\alpha_{t-1}", "ᾱ_{t-1}"),
        ("ᾱ_{t - 1}", "ᾱ_{t-1}"),
        (r"\bar{\alpha}_{t_\mathrm{prev}}", "ᾱ_{t_{prev}}"),
        (r"\hat{\mathbf{x}}_0", "x̂_0"),
        (r"\hat{x_0}", "x̂_0"),
        ("x'_{prev}", "x'_prev"),
        (r"u^{down}_{i, j}", "udown_{i,j}"),
        (r"\boldsymbol{\epsilon}_\theta", "ε_θ"),
        (r"\mathcal{L}_\text{SDS}", "ℒ_SDS"),
    ],
)
def test_one_spelling_for_every_way_to_write_a_symbol(written, spelling):
    assert canonical(written) == canonical(spelling)


def test_factors_side_by_side_bind_closer_than_a_stroke():
    node = side("a / 2 b")
    assert isinstance(node, Quotient) and isinstance(node.below, Product)
    half = side("1/2 (a + b)")
    assert isinstance(half, Product) and isinstance(half.factors[0], Quotient)
    assert isinstance(side(r"\frac12").above, type(side("1")))


def test_an_environment_a_number_and_dollars_around_a_formula_are_nothing():
    plain = parse(r"x_t = y")
    for written in (r"$$x_t = y$$", r"\[x_t = y \tag{2}\]", r"\begin{equation} x_t &= y \end{equation}"):
        assert parse(written)[0].chain == plain[0].chain


@pytest.mark.parametrize(
    "latex, place, why",
    [
        (r"\sqrt{1 - x", 5, "never closed"),
        (r"x + \foo", 4, "not known"),
        (r"(a + b", 0, "never closed"),
        (r"a + ", 4, "ends"),
        (r"…", 1, "between nothing"),
        (r"\nabla_{x, y} z", 8, "one symbol"),
        (r"a + )", 4, "expected a symbol"),
        (r"|a - b", 0, "never closed"),
        ("", 0, "expected a formula"),
    ],
)
def test_what_cannot_be_read_says_where(latex, place, why):
    with pytest.raises(NotUnderstood) as caught:
        parse(latex)
    assert caught.value.start == place and why in str(caught.value)


# --- the reference's formulas -----------------------------------------------------------------------------------


def test_every_formula_is_found_and_parsed():
    directives = sum(
        len(re.findall(r"\.\. math::", path.read_text(encoding="utf-8"))) for path in (ROOT / "reference").rglob("*.py")
    )
    assert len(every()) == directives > 70
    for formula in every():
        assert parse(formula.latex), formula.key


@pytest.mark.parametrize("key", EVALUATED)
def test_a_formula_is_what_its_function_computes(key):
    assert of_docstring(FORMULAS[key]) == []


def test_at_other_inputs_too():
    quick = [key for key in EVALUATED if key.split(".")[0] in ("ddpm", "ddim", "guidance", "distillation", "dps")]
    assert len(quick) > 10
    assert [key for key in quick if of_docstring(FORMULAS[key], seed=7) != []] == []


def test_what_is_not_evaluated_is_listed_with_a_reason():
    assert set(NOT_EVALUATED) <= set(FORMULAS)
    assert all(len(reason) > 20 for reason in NOT_EVALUATED.values())
    could_be = [key for key in NOT_EVALUATED if of_docstring(FORMULAS[key]) is not None]
    assert could_be == [], "it can be evaluated: take it out of grading/formulas/exceptions.py"
    assert f"{len(EVALUATED)} of the {len(FORMULAS)} formulas" in " ".join((ROOT / "README.md").read_text().split())


def test_every_graded_function_has_a_formula_and_its_symbols():
    with_formula = {formula.over for formula in every()}
    assert {function.task for function in FUNCTIONS} <= with_formula
    assert [one.task for one in FUNCTIONS if not one.network and symbols_of(one.task) is None] == []


SLIPS = {  # what is wrong: whose formula, what is printed, what is meant
    "a bare a under a fraction": ("ddpm.predict_x0", r"{\sqrt{ᾱ_t}}", r"{\sqrt{a_t}}"),
    "a missing bar under a fraction": ("ddpm.posterior_step", r"β}{1 - ᾱ_t}", r"β}{1 - α}"),
    "a missing root": ("ddpm.posterior_step", r"\sqrt{\tilde β}", r"\tilde β"),
    "a product up to T": ("noising.cumulative_alphas", "^{t}", "^{T}"),
    "a product from 1": ("noising.cumulative_alphas", "s=0", "s=1"),
    "t for t_prev": ("ddim.ddim_step", r"x_{prev} = \sqrt{ᾱ_{prev}}", r"x_{prev} = \sqrt{ᾱ_t}"),
    "t - 1 of the table for t_prev": ("ddpm.posterior_variance", "1 - ᾱ_{prev}", "1 - ᾱ_{t-1}"),
    "a sign": ("dps.dps_step", "- ζ", "+ ζ"),
    "a sign in an exponent": ("gan_losses.discriminator_loss", "e^{-D(x)}", "e^{D(x)}"),
    "a missing tilde": ("ddpm.posterior_step", r"\tilde β", "β"),
    "a missing hat": ("distillation.sds_residual", r"\hat ε - ε", "ε - ε"),
    "a missing square": ("ddim.ddim_step", "σ^2", "σ"),
    "a square too many": ("dps.dps_gradient", r"\rVert_2", r"\rVert_2^2"),
    "a missing half": ("gan_losses.r1_penalty", r"\frac{γ}{2}", "γ"),
    "a missing mean": ("inversion.delta_penalty", r"\frac1N", ""),
    "the other image": ("repaint", "(1 - m)", "m"),
    "guidance from nowhere": ("guidance.classifier_free_guidance", r"(ε_c - ε_u)", "ε_c"),
    "the other way in time": ("flow.flow_interpolate", r"(1 - t)\, x_0 + t\, x_1", r"t\, x_0 + (1 - t)\, x_1"),
    "one condition twice": ("illusions.hybrid_eps", r"ε_2 - \text{lowpass}(ε_2)", r"ε_2 - \text{lowpass}(ε_1)"),
    "one step too few": ("flow.sample_flow", r"i = 0 … S-1", r"i = 0 … S-2"),
    "T for T - 1": ("noising.linear_betas", "T - 1}", "T}"),
    "a constant of an expansion": ("illusions.gaussian_kernel1d", "2σ^2", "σ^2"),
    "a wrong axis": ("augment.rand_translation", r"x_{i - a,\ j - b}", r"x_{i - b,\ j - a}"),
    "the loss's gradient": ("distillation.surrogate_loss", r"\frac{r}{B}", "r"),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_in_a_docstring_is_found(name):
    task, right, wrong = SLIPS[name]
    formula = FORMULAS["editing.repaint_blend" if task == "repaint" else task]
    assert right in formula.latex
    slipped = formula.latex.replace(right, wrong)
    with suppress(NotUnderstood):  # a symbol that is none
        assert of_docstring(formula, latex=slipped)


KINDS_OF_SLIPS = (
    (r"\+", "-"),
    (r"-", "+"),
    (r"\\sqrt", ""),
    (r"_\{prev\}", "_t"),
    (r"ᾱ_t", "ᾱ_{prev}"),
    (r"ᾱ", "α"),
    (r"\\(bar|tilde|hat) ", ""),
    (r"\^2", ""),
    (r"\\tfrac12|\\frac1[BNn]\b", ""),
    (r"\}\^\{t\}", "}^{T}"),
    ("x_0", "x_t"),
    ("x_t", "x_0"),
)
THE_SAME = {  # what says the same as before, or has no value where it stands
    "ddpm.predict_x0": "the result may be called x_0, too",
    "ddpm.sample_ddpm": "what a draw is called",
    "editing.inpaint": "what a draw is called",
    "dps.dps_gradient": "the estimate is handed over, whatever it is said to be of",
    "dps.dps_step": "the estimate is handed over, whatever it is said to be of",
    "flow.flow_velocity": "arguments of the result's name",
    "illusions.lowpass": "the kernel is even",
}


@pytest.mark.slow
def test_slips_of_every_kind_at_every_place_are_found():
    tried, left = 0, []
    for key in EVALUATED:
        if key in ("inversion.invert", "bells.invert_best_of"):
            continue  # a search for each
        formula = FORMULAS[key]
        for old, new in KINDS_OF_SLIPS:
            for found in re.finditer(old, formula.latex):
                slipped = formula.latex[: found.start()] + new + formula.latex[found.end() :]
                tried += 1
                try:
                    if not of_docstring(formula, latex=slipped) and key not in THE_SAME:
                        left.append((key, slipped))
                except NotUnderstood:
                    pass
    print(f"{tried} slips, {len(left)} not found")
    assert tried > 350 and left == []


# --- courses and papers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("equation", EQUATIONS, ids=lambda one: f"{one.source} {one.number}")
def test_an_equation_agrees_or_differs_as_is_said(equation):
    found = of_equation(equation)
    assert bool(found) == bool(equation.differs)
    assert bool(equation.mended) == bool(equation.differs)
    if equation.mended:
        assert of_equation(equation, mended=True) == []


def test_the_handouts_numbered_equations_are_all_there():
    numbers = {name: {one.number for one in load(name).equations} for name in NAMES}
    assert {f"B ({i})" for i in range(1, 18)} | {f"A ({i})" for i in range(1, 4)} <= numbers["eecs498-hw5"]
    assert {f"A ({i})" for i in range(1, 6)} <= numbers["cs180-proj5"]
    assert len(numbers["cmu16726-hw5"]) == 5
    assert all(numbers[name] for name in NAMES if name != "table")


def test_equations_of_one_function_stand_side_by_side():
    sources = [one.source for one in equations_of("ddpm.posterior_step") if not one.defines]
    assert sources == ["cmu16726-hw5", "cs180-proj5", "eecs498-hw5", "ddpm", "ddpm"]


def test_one_handouts_symbol_with_three_meanings():
    """EECS 498's α_t: read as that of Eq. 7, Eq. 15 is wrong, and read as that of Eq. 15, Eq. 2 is."""
    weight = ask(r"w(t) = 1 - \alpha_t^2", "distillation.sds_weight", "eecs498-hw5")
    assert weight.agrees and ("α_t", r"\sqrt{ᾱ_t}") in weight.read_as
    of_eq_7 = {r"\sigma_t": r"\sqrt{1 - ᾱ_t}", r"\alpha_t": "ᾱ_t / ᾱ_{t - 1}"}
    assert of_equation(replace(EQUATION["B (15)"], symbols=of_eq_7)) != []
    assert of_equation(replace(EQUATION["B (2)"], symbols={r"\alpha_t": r"\sqrt{ᾱ_t}"})) != []
    assert of_equation(replace(EQUATION["B (11)"], symbols={r"\alpha_t": "2 ζ"})) != []


def test_a_file_of_ones_own(tmp_path):
    own = tmp_path / "fall.toml"
    own.write_text("title = 'Fall'\n[symbols]\n'A_t' = 'ᾱ_t'\n")
    assert ask(r"x_t = \sqrt{A_t} x_0 + \sqrt{1 - A_t} \epsilon", "noising.add_noise", str(own)).agrees
    with pytest.raises(Unusable, match="did you mean cs180-proj5"):
        load("cs180-proj")


ADD_NOISE = "[[equation]]\nnumber = '1'\ntask = 'noising.add_noise'\n"


@pytest.mark.parametrize(
    "text, why",
    [
        ("title = ", "is no TOML file"),
        ("titel = 'Fall'", "unknown key titel"),
        ("[symbols]\n'A_t' = '\\foo'", "symbols: .*foo is not known"),
        ("[symbols]\n'A_t' = 3", "symbols: A_t = 3: expected LaTeX"),
        ("equation = ['x']", "an equation: expected a table"),
        (ADD_NOISE, "an equation has no latex"),
        (ADD_NOISE + "latex = 'x'\nsymbols = { 'x' = '\\foo' }", "symbols: .*foo is not known"),
        ("like = 'fall.toml'", "like = 'fall.toml': expected one of cmu16726-hw5"),
    ],
)
def test_a_file_of_ones_own_with_a_mistake_is_refused(text, why, tmp_path):
    own = tmp_path / "fall.toml"
    own.write_text(text)
    with pytest.raises(Unusable, match=why):
        load(str(own))


# --- an instructor's formula -------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", conventions())
def test_other_conventions_are_known_again(task):
    for words, latex in conventions()[task].items():
        answer = ask(latex, task)
        assert not answer.agrees and answer.known_as == words


@pytest.mark.parametrize(
    "latex, task, source, writer",
    [
        (rf"x_{{prev}} = {POSTERIOR} + \sqrt{{\tilde β}}\, z", "ddpm.posterior_step", "", ""),
        (
            r"x_{t-1} = \frac{1}{\sqrt{\alpha_t}} \left(x_t - \frac{1 - \alpha_t}{\sqrt{1 - \bar\alpha_t}} \epsilon\right)"
            r" + \sigma_t z",
            "ddpm.posterior_step",
            "",
            "ddpm",
        ),
        (r"\sqrt{\alpha_t} x_0 + \sqrt{1 - \alpha_t} \epsilon", "noising.add_noise", "", "ddim"),
        (
            r"\hat x_0 = (x_t - \sqrt{\bar\beta_t} \epsilon) / \sqrt{\bar\alpha_t}",
            "ddpm.predict_x0",
            "eecs498-hw5",
            "eecs498-hw5",
        ),
        (
            r"\epsilon = \gamma \epsilon_c + (1 - \gamma) \epsilon_u",
            "guidance.classifier_free_guidance",
            "cs180-proj5",
            "cs180-proj5",
        ),
        (r"(1 + w) \epsilon_c - w \epsilon_u", "guidance.classifier_free_guidance", "", "guidance"),
    ],
)
def test_an_equal_formula_agrees_whoever_writes_it(latex, task, source, writer):
    answer = ask(latex, task, source)
    assert answer.agrees and answer.writer == writer


def test_agreement_elsewhere_is_no_agreement():
    answer = ask("v = x_0 - x_1", "flow.flow_velocity")
    assert not answer.agrees and answer.elsewhere == ("sd3",) and "Stable Diffusion 3" in answer.known_as


def test_the_term_that_differs_is_named():
    answer = ask(rf"x_{{prev}} = {POSTERIOR} + 2 \sqrt{{\tilde β}}\, z", "ddpm.posterior_step")
    assert [term.latex for term in answer.theirs] == [r"2 \sqrt{\tilde β}\, z"]
    assert [term.latex for term in answer.ours] == [r"\sqrt{\tilde β}\, z"]
    assert answer.theirs[0].times == pytest.approx(2)


def test_two_terms_may_be_written_as_one():
    """In ε for x_0 the mean is one term: what is left is the noise."""
    mean = r"\frac{1}{\sqrt{\alpha_t}} (x_t - \frac{\beta_t}{\sqrt{1 - \bar\alpha_t}} \epsilon)"
    answer = ask(rf"x_{{t-1}} = {mean} + \sqrt{{\beta_t}} z", "ddpm.posterior_step")
    assert answer.known_as.startswith("the larger variance")
    assert [term.latex for term in answer.theirs + answer.ours] == [r"\sqrt{\beta_t} z", r"\sqrt{\tilde β}\, z"]


def test_a_loss_in_other_words_agrees():
    """The same function, with a sigmoid for the softplus and a plain E."""
    latex = r"L_D = -E_x[\log \sigma(D(x))] - E_z[\log(1 - \sigma(D(G(z))))]"
    assert ask(latex, "gan_losses.discriminator_loss").agrees


def test_an_index_beyond_a_table_differs():
    answer = ask(r"\bar\alpha_t = \prod_{s=0}^{T} (1 - \beta_s)", "noising.cumulative_alphas")
    assert not answer.agrees


def told(capsys, *arguments):
    code = main(["formula", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_command_says_what_agrees_and_what_differs(capsys):
    code, out, _ = told(capsys, r"x_t = \sqrt{ᾱ_t} x_0 + \sqrt{1 - ᾱ_t} ε", "--task", "noising.add_noise")
    assert code == 0 and out == "noising.add_noise: agrees, read as this project writes\n"
    code, out, _ = told(capsys, r"x_t = \sqrt{ᾱ_t} x_0 + (1 - ᾱ_t) ε", "--task", "noising.add_noise")
    assert code == 1
    assert "another convention: the variance where the standard deviation belongs" in out
    assert "yours, and not in the function: (1 - ᾱ_t) ε" in out
    assert "the function's, and not in yours: \\sqrt{1 - ᾱ_t}\\, ε" in out
    assert re.search(r"at the input “.*”( \(t = \d+\))?: yours gives -?[\d.e-]+, the function -?[\d.e-]+", out)


def test_what_is_nested_without_an_end_is_not_the_graders_fault():
    with pytest.raises(NotUnderstood, match="nested too deeply"):
        parse("(" * 5000 + "x" + ")" * 5000)


def test_a_condition_begins_with_any_of_its_words():
    for word in ("if", "for", "for all"):
        (statement,) = parse(rf"\begin{{cases}} a & \text{{{word} }} b > 0 \\ c & \text{{otherwise}} \end{{cases}}")
        assert spelling_of(statement.chain.sides[0].rows[0][1].conditions[0].sides[0]) == "b"


def test_the_command_points_at_what_it_cannot_read(capsys):
    code, _, err = told(capsys, r"x_t = \sqrt{ᾱ_t x_0", "--task", "noising.add_noise")
    assert code == 2
    formula, caret, why = err.splitlines()
    assert formula[caret.index("^")] == "{" and why == "formula: '{' is never closed"
    code, _, err = told(capsys, r"x_t = \sqrt{ᾱ_t} x_0 + \kappa ε", "--task", "noising.add_noise")
    formula, caret, why = err.splitlines()
    assert code == 2 and formula[caret.index("^") :].startswith(r"\kappa") and len(caret.strip()) == len(r"\kappa")
    assert why.startswith("formula: κ is not known here; known are") and "x_0" in why and "ᾱ" in why


OWN_COURSE = """
title = "Mine"
[[part]]
title = "All"
points = 2
[[part.task]]
number = "1"
title = "Noise"
points = 2
functions = ["noising.add_noise"]
"""
OTHERWISE = r"x_t = \sqrt{κ_t} x_0 + \sqrt{1 - κ_t} ε"  # κ is nobody's
UNSAID = "has no symbols of its own here; --symbols FILE.toml says how it writes"


def test_a_courses_symbols_are_chosen_by_its_name_as_everywhere(capsys, tmp_path):
    kit = r"\hat x_0 = (x_t - \sqrt{\bar\beta_t} \epsilon) / \sqrt{\bar\alpha_t}"
    code, out, _ = told(capsys, kit, "--task", "ddpm.predict_x0", "--course", "eecs498-hw5")
    assert code == 0 and out.splitlines()[0].endswith(f"read as {load('eecs498-hw5').title} writes")
    ours = (r"x_t = \sqrt{ᾱ_t} x_0 + \sqrt{1 - ᾱ_t} ε", "--task", "noising.add_noise")
    own = tmp_path / "fall.toml"
    own.write_text(OWN_COURSE)
    for course in ("kaist-cs492d", str(own)):
        code, out, _ = told(capsys, *ours, "--course", course)
        assert code == 0 and UNSAID in out and "read as this project writes" in out
    assert UNSAID not in told(capsys, *ours, "--course", "all")[1]
    for wrong, why in (("ddim", "there is no such course"), (str(tmp_path / "gone.toml"), "gone.toml")):
        code, _, err = told(capsys, *ours, "--course", wrong)
        assert code == 2 and why in err


def test_symbols_of_ones_own_have_an_option_of_their_own(capsys, tmp_path):
    own = tmp_path / "fall.toml"
    own.write_text("[symbols]\n'κ_t' = 'ᾱ_t'\n")
    asked = (OTHERWISE, "--task", "noising.add_noise")
    code, out, _ = told(capsys, *asked, "--symbols", str(own))
    assert code == 0 and "read as fall writes" in out and "κ_t is read as ᾱ_t" in out
    assert told(capsys, *asked)[0] == 2
    paper = told(capsys, r"\sqrt{\alpha_t} x_0 + \sqrt{1 - \alpha_t} \epsilon", *asked[1:], "--symbols", "ddim")
    assert paper[0] == 0 and f"read as {load('ddim').title} writes" in paper[1]
    refused = [
        (("--symbols", "nobody"), "nobody's symbols have this name"),
        (("--symbols", str(own), "--course", "cs180-proj5"), "expected no --course beside it"),
        (("--course", str(own)), "fall.toml"),
    ]
    for options, why in refused:
        code, _, err = told(capsys, *asked, *options)
        assert code == 2 and why in err and len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "task, why",
    [
        ("ddpm.posterior_stepp", "did you mean ddpm.posterior_step"),
        ("unet.TimeConditionalUNet", "no formula that can be evaluated"),
    ],
)
def test_the_command_refuses_what_has_no_formula(capsys, task, why):
    code, _, err = told(capsys, "x", "--task", task)
    assert code == 2 and why in err


def test_a_docstring_may_hold_several_formulas():
    assert formulas_in("One.\n\n.. math:: a\n\nText.\n\n.. math::\n    b +\n    c\n") == ["a", "b + c"]
    assert isinstance(side("a"), Name)
