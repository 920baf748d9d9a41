// The canvas of canvas.py: `value` is what is drawn, as a PNG file in a data URL, and empty where nothing is.
const find = (name) => element.querySelector(`[name="${name}"]`);
const pad = element.querySelector("canvas"), pen = pad.getContext("2d", { willReadFrequently: true });
const ring = element.querySelector(".ring"), chips = element.querySelector(".chips");
const [width, other, rubber, undo, clear] = ["width", "other", "rubber", "undo", "clear"].map(find);
const before = [];
let at = [pad.width / 2, pad.height / 2], down = false, colour = "#000000";

function choose(chosen) {
  colour = chosen;
  rubber.checked = false;
  for (const chip of chips.children) chip.setAttribute("aria-checked", chip.value === chosen);
}

function offer() {
  chips.replaceChildren(...props.palette.map((one) => {
    const chip = document.createElement("button");
    Object.assign(chip, { type: "button", value: one, title: one, onclick: () => choose(one) });
    chip.setAttribute("role", "radio");
    chip.setAttribute("aria-label", `colour ${one}`);
    chip.style.background = one;
    return chip;
  }));
  choose(props.palette[0]);
}

function backDrop() {
  pad.style.backgroundImage = props.background ? `url("${props.background}")` : "";
}

function show() {
  ring.style.left = `${(100 * at[0]) / pad.width}%`;
  ring.style.top = `${(100 * at[1]) / pad.height}%`;
  ring.style.width = `${(100 * width.value) / pad.width}%`;
  ring.classList.toggle("down", down);
}

function keep() {
  before.push(pen.getImageData(0, 0, pad.width, pad.height));
  if (before.length > 50) before.shift();
}

function line(to) {
  pen.globalCompositeOperation = rubber.checked ? "destination-out" : "source-over";
  Object.assign(pen, { strokeStyle: colour, lineWidth: width.value, lineCap: "round", lineJoin: "round" });
  pen.beginPath();
  pen.moveTo(...at);
  pen.lineTo(...to);
  pen.stroke();
  at = to;
  show();
}

function tell() {
  const pixels = new Uint32Array(pen.getImageData(0, 0, pad.width, pad.height).data.buffer);
  props.value = pixels.some(Boolean) ? pad.toDataURL("image/png") : "";
  trigger("input");
}

function back() {
  if (before.length) pen.putImageData(before.pop(), 0, 0);
  tell();
}

function place(event) {
  const box = pad.getBoundingClientRect();
  return [((event.clientX - box.left) * pad.width) / box.width, ((event.clientY - box.top) * pad.height) / box.height];
}

function lift() {
  if (!down) return;
  down = false;
  show();
  tell();
}

pad.onpointerdown = (event) => {
  keep();
  pad.setPointerCapture(event.pointerId);
  down = true;
  at = place(event);
  line(at);
};
pad.onpointermove = (event) => {
  if (down) line(place(event));
  else {
    at = place(event);
    show();
  }
};
pad.onpointerup = pad.onpointercancel = lift;
pad.onblur = lift;
pad.onkeydown = (event) => {
  const step = event.shiftKey ? 4 : 16, [x, y] = at;
  const to = { ArrowLeft: [x - step, y], ArrowRight: [x + step, y], ArrowUp: [x, y - step], ArrowDown: [x, y + step] };
  if (event.key in to) {
    const inside = to[event.key].map((one) => Math.min(Math.max(one, 0), pad.width));
    if (down) line(inside);
    else at = inside;
  } else if (event.key === " " && !down) {
    keep();
    down = true;
    line(at);
  } else if (event.key === " ") lift();
  else if (event.key === "z" && (event.ctrlKey || event.metaKey)) back();
  else return;
  event.preventDefault();
  show();
};
other.oninput = () => choose(other.value);
width.oninput = show;
undo.onclick = back;
clear.onclick = () => {
  keep();
  pen.clearRect(0, 0, pad.width, pad.height);
  tell();
};
watch("palette", offer);
watch("background", backDrop);
offer();
backDrop();
show();
