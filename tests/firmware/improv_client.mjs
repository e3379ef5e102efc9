// What the installing page does after an installation, by the library that it does it with, on a serial line that is the
// standard input and output of a program. Usage: node improv_client.mjs SDK-FOLDER PROGRAM
import { spawn } from "node:child_process";
import { register } from "node:module";
import process from "node:process";
import { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";

// The library is made for bundlers: its files name each other without their ending.
const resolve = `export const resolve = (name, context, next) => next(/^\\.[^.]*$/.test(name) ? name + ".js" : name, context);`;
register(`data:text/javascript,${encodeURIComponent(resolve)}`);

const [sdk, program] = process.argv.slice(2);
const { ImprovSerial } = await import(pathToFileURL(`${sdk}/dist/serial.js`));

const child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
const port = { readable: Readable.toWeb(child.stdout), writable: Writable.toWeb(child.stdin) };
const complaints = [];
const quiet = () => undefined;
const client = new ImprovSerial(port, { log: quiet, debug: quiet, error: (...words) => complaints.push(words.join(" ")) });

const said = { info: await client.initialize(10_000), before: client.state };
said.networks = await client.scan();
said.refused = await client.provision("My net", "wrong").catch((error) => String(error));
said.after_refusal = client.state;
await client.provision("My net", "secret77");
said.after = client.state;
said.url = client.nextUrl;
await client.requestCurrentState();
said.asked_again = [client.state, client.nextUrl];
said.unknown = await client.requestNetworkState().catch((error) => String(error));
said.complaints = complaints;
child.kill();
process.stdout.write(JSON.stringify(said), () => process.exit(0));
