// Draws the form of source_hotmart/spec.json with a JSON-schema form library in Chromium: `make form-picture`.
// Usage: node picture.mjs PICTURE.png [CHROMIUM]

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const [picture, browserPath] = process.argv.slice(2);
const find = createRequire(import.meta.url).resolve;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { connectionSpecification: spec } = JSON.parse(readFileSync(here("../../source_hotmart/spec.json"), "utf-8"));

/** Return a field in the words of the library: Airbyte's own keywords mean nothing to it. */
function fieldOf({ order, airbyte_secret: isSecret, examples, oneOf, const: constant, ...field }) {
  return {
    ...field,
    propertyOrder: order,
    format: isSecret ? "password" : undefined, // the date stays as typed, not in the browser's own format
    ...(constant && { default: constant, enum: [constant], options: { hidden: true } }),
    ...(examples && { options: { inputAttributes: { placeholder: examples.join(" or ") } } }),
    ...(oneOf && { oneOf: oneOf.map((choice) => choiceOf(choice, field)) }),
  };
}

/** Return a choice under the description of its field as well: the library shows only that of the choice. */
function choiceOf(choice, field) {
  const description = `${field.description} ${choice.title}: ${choice.description}`;
  return { ...choice, type: "object", description, properties: fieldsOf(choice.properties) };
}

function fieldsOf(fields) {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, fieldOf(field)]));
}

/** Return the form as an object of objects, one for each group, since JSON Schema knows no groups. */
function schemaOf({ groups, properties, required }) {
  const grouped = groups.map(({ id, title }, propertyOrder) => {
    const names = Object.keys(properties).filter((name) => properties[name].group === id);
    const fields = Object.fromEntries(names.map((name) => [name, properties[name]]));
    const group = { type: "object", title, propertyOrder, properties: fieldsOf(fields) };
    return [id, { ...group, required: required.filter((name) => names.includes(name)) }];
  });
  return { type: "object", title: "Hotmart", properties: Object.fromEntries(grouped) };
}

const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
try {
  const page = await browser.newPage({ viewport: { width: 760, height: 600 }, deviceScaleFactor: 1 });
  await page.goto(new URL("form.html", import.meta.url).href);
  await page.addStyleTag({ path: find("bootstrap/dist/css/bootstrap.min.css") });
  await page.addScriptTag({ path: find("@json-editor/json-editor/dist/jsoneditor.js") });
  await page.evaluate((schema) => {
    const options = { disable_collapse: true, disable_edit_json: true, disable_properties: true };
    new JSONEditor(document.getElementById("form"), { schema, theme: "bootstrap5", ...options });
  }, schemaOf(spec));
  await page.screenshot({ path: picture, fullPage: true });
} finally {
  await browser.close();
}
