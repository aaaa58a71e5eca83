// The table of claims by part, verdict and section. What is chosen stands in the address: #verdict=inconclusive&part=Table 3.
const form = document.getElementById("filters");
const fields = [...form.querySelectorAll("select")];
const rows = [...document.querySelectorAll("#claims-table tbody tr")];

function show() {
  const chosen = fields.filter((field) => field.value);
  for (const row of rows) row.hidden = !chosen.every((field) => row.dataset[field.name] === field.value);
  document.getElementById("shown").textContent =
    `${rows.filter((row) => !row.hidden).length} of ${rows.length} claims`;
}

function read() {
  const asked = new URLSearchParams(location.hash.slice(1));
  if (location.hash && !fields.some((field) => asked.has(field.name))) return; // the address of a section
  for (const field of fields) {
    const known = [...field.options].some((option) => option.value === asked.get(field.name));
    field.value = known ? asked.get(field.name) : "";
  }
  show();
  if (location.hash) form.scrollIntoView();
}

function write() {
  const asked = new URLSearchParams(fields.filter((field) => field.value).map((f) => [f.name, f.value]));
  location.replace(`#${`${asked}` || "claims"}`);
  show();
}

form.hidden = false;
form.addEventListener("change", write);
addEventListener("hashchange", read);
read();
show();
