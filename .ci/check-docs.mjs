// Fails when a page shows code that is not in a file that the tests compile and run, or when one of its
// links leads nowhere. usage: node .ci/check-docs.mjs [PAGE.md …]     by default all pages
import * as fs from 'node:fs';
import path from 'node:path';
import { at, root } from './tools.mjs';

const named = process.argv.slice(2).map((page) => path.resolve(page));
const pages = named.length > 0 ? named : [...markdown(root), ...markdown(at('docs'))];
const sources = ['docs/samples', 'examples'].flatMap(sourcesBelow);

const faults = pages.flatMap((page) => {
  const text = fs.readFileSync(page, 'utf8');
  return [...codeFaults(text), ...linkFaults(page, text)].map(
    (fault) => `${path.relative(root, page)}: ${fault}`,
  );
});
for (const fault of faults) console.error(fault);
if (pages.length === 0 || sources.length === 0) console.error('there is nothing to check');
process.exitCode = faults.length > 0 || pages.length === 0 || sources.length === 0 ? 1 : 0;

/** The pages of a folder; of the root without those below. */
function markdown(folder) {
  const entries = fs.readdirSync(folder, { withFileTypes: true });
  return entries.flatMap((entry) => {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory() && folder !== root && entry.name !== 'api') return markdown(name);
    return entry.isFile() && entry.name.endsWith('.md') ? [name] : [];
  });
}

function sourcesBelow(folder) {
  return fs
    .readdirSync(at(folder), { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => linesOf(fs.readFileSync(at(folder, name), 'utf8')));
}

/** Trimmed, without empty ones. */
function linesOf(text) {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** A block must stand in one source as it is: the same lines in the same order, indentation apart. */
function codeFaults(text) {
  return [...text.matchAll(/^ *```ts\n([\s\S]*?)^ *```/gm)]
    .map(([, block]) => linesOf(block))
    .filter((block) => !sources.some((source) => holds(source, block)))
    .map(faultOf);
}

function holds(source, block) {
  return source.some((_, start) => block.every((line, i) => source[start + i] === line));
}

function faultOf(block) {
  const strange = block.find((line) => !sources.some((source) => source.includes(line)));
  return strange === undefined
    ? `no sample holds these lines in this order: ${block[0]} …`
    : `no sample holds the line: ${strange}`;
}

/** Relative links must name a file that exists, and a heading that it has. */
function linkFaults(page, text) {
  const prose = text.replace(/^ *```[\s\S]*?^ *```/gm, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link)
    .filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(page, link))
    .map((link) => `the link ${link} leads nowhere`);
}

function leadsSomewhere(page, link) {
  const [file, heading] = link.split('#');
  const target = file === '' ? page : path.resolve(path.dirname(page), file);
  if (!fs.existsSync(target)) return false;
  return heading === undefined || headingsOf(target).includes(heading);
}

/** The anchors of a page's headings, as GitHub makes them. */
function headingsOf(page) {
  return [...fs.readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
