// statements.mjs cdk FILE: the statements of a module for the CDK, as the CDK writes them, in JSON.
// statements.mjs serverless FILE: iamRoleStatements as Serverless reads them; a string in which it sees a variable
// or an escape ends the program.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [, , tool, file] = process.argv;
const require = createRequire(pathToFileURL(file));

async function cdk() {
  const { statements } = await import(pathToFileURL(file));
  return statements.map((statement) => statement.toStatementJson());
}

function serverless() {
  const parse = require("osls/lib/configuration/variables/parse.js");
  const { iamRoleStatements } = require("js-yaml").load(readFileSync(file, "utf8"));
  const values = ({ Condition }) => Object.values(Condition?.StringEquals ?? {}).flat();
  for (const text of iamRoleStatements.flatMap((each) => [...each.Action, ...each.Resource, ...values(each)])) {
    if (typeof text !== "string") throw new Error(`no string: ${text}`);
    if (parse(text)) throw new Error(`taken for more than a string: ${text}`);
  }
  return iamRoleStatements;
}

console.log(JSON.stringify(await { cdk, serverless }[tool]()));
