// Copy the Markdown files, their pictures and the Javadoc to target/src, as VitePress wants them. Links are changed to the places in
// the site; a file of the repository that a page links to, such as an example, becomes a page too. A link to nothing is an error.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, normalize } from 'node:path';
import { pageName, titles } from './pages.mjs';

const ROOT = '..';
const SRC = 'target/src';
const PUBLIC = join(SRC, 'public');

const sources = new Set();

/** Return what a link on a page leads to, and its text: a file name is replaced by the title of the page. */
function rewrite(page, text, link) {
  if (/^([a-z]+:|#)/.test(link)) return `[${text}](${link})`;
  const [path, hash] = link.split('#');
  const file = normalize(join(dirname(page), path));
  const place = join(ROOT, file);
  if (!existsSync(place) || !statSync(place).isFile()) throw new Error(`${page} links to ${link}, which is not a file`);
  if (titles.has(file)) {
    return `[${text.endsWith('.md') ? titles.get(file) : text}](./${pageName(file)}.md${hash ? '#' + hash : ''})`;
  }
  if (extname(file) === '.png') {
    cpSync(place, join(SRC, basename(file)));
    return `[${text}](./${basename(file)})`;
  }
  if (extname(file) === '.json') {
    cpSync(place, join(PUBLIC, basename(file)));
    return `[${text}](./${basename(file)})`;
  }
  sources.add(file);
  return `[${text}](./source/${file}.md)`;
}

rmSync(SRC, { recursive: true, force: true });
mkdirSync(SRC, { recursive: true });
cpSync('public', PUBLIC, { recursive: true });
cpSync(join(ROOT, 'target/reports/apidocs'), join(PUBLIC, 'javadoc'), { recursive: true });
if (!existsSync(join(PUBLIC, 'javadoc/resources/fonts'))) {
  // Some JDKs have no fonts for their Javadoc, but name them.
  const styles = join(PUBLIC, 'javadoc/stylesheet.css');
  writeFileSync(styles, readFileSync(styles, 'utf8').replace(/@import url\('resources\/fonts\/[a-z]+\.css'\);/, ''));
}

const documents = readdirSync(join(ROOT, 'docs')).filter(name => name.endsWith('.md')).map(name => `docs/${name}`);
const missing = documents.filter(name => !titles.has(name));
if (missing.length) throw new Error(`add to site/pages.mjs: ${missing.join(', ')}`);

for (const page of titles.keys()) {
  const markdown = readFileSync(join(ROOT, page), 'utf8').replace(/^```[\s\S]*?^```|\[([^[\]]*)\]\(([^)\s]+)\)/gm,
    (all, text, link) => (link === undefined ? all : rewrite(page, text, link)));
  writeFileSync(join(SRC, `${pageName(page)}.md`), markdown);
}

const LANGUAGES = { '.java': 'java', '.gradle': 'groovy', '.sh': 'sh', '.py': 'python' };
for (const file of sources) {
  const to = join(SRC, 'source', `${file}.md`);
  mkdirSync(dirname(to), { recursive: true });
  const code = readFileSync(join(ROOT, file), 'utf8');
  writeFileSync(to, `---\nsearch: false\naside: false\nprev: false\nnext: false\n---\n\n# ${basename(file)}\n\n\`${file}\`\n\n`
    + `\`\`\`\`${LANGUAGES[extname(file)] ?? 'text'}\n${code}\`\`\`\`\n`);
}
