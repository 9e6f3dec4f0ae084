// Holds each document of a manifest against the schemas that Kubernetes publishes (node kubernetes.mjs FILE): by their validators, and, because those let
// fields pass that they do not know, by the compiler against the types that are made of the same schemas. One line for each document; 1 if anything is wrong.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";

let wrong = 0;
let source = "";
for (const document of parseAllDocuments(readFileSync(process.argv[2], "utf8"))) {
  const value = document.toJS();
  try {
    if (document.errors.length > 0) {
      throw document.errors[0];
    }
    const { [value.kind]: Model } = await import(`kubernetes-models/${value.apiVersion}/${value.kind}`);
    new Model(value).validate();
    console.log(`${value.kind} ${value.metadata.name}: valid`);
    source += `import { I${value.kind} } from "kubernetes-models/${value.apiVersion}/${value.kind}";\n`
      + `export const ${value.kind.toLowerCase()}: I${value.kind} = ${JSON.stringify(value, null, 1)};\n`;
  } catch (error) {
    wrong = 1;
    console.log(`${value?.kind} ${value?.metadata?.name}: ${error.message}`);
  }
}

writeFileSync("manifest.mts", source);
try {
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "manifest.mts"], { encoding: "utf8" });
} catch (error) {
  wrong = 1;
  console.log(error.stdout);
}

process.exitCode = wrong;
