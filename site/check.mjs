// Check every page of a built site, Javadoc too: each link leads to a file, each anchor is there, and nothing is loaded from elsewhere.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

const HOST = 'http://site.invalid/';
const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

function decode(text) {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (all, name) => ENTITIES[name]);
}

function attributes(tag) {
  return Object.fromEntries([...tag.matchAll(/\s([a-z-]+)="([^"]*)"/g)].map(([, name, value]) => [name, decode(value)]));
}

/** Return the tags of a page, without those that scripts and comments contain. */
function tags(html) {
  const visible = html.replace(/<!--[\s\S]*?-->/g, '').replace(/(<script[^>]*>)[\s\S]*?(<\/script>)/g, '$1$2');
  return [...visible.matchAll(/<([a-z][a-z0-9]*)(\s[^<>]*)?>/gi)].map(([, name, rest]) => [name.toLowerCase(), attributes(rest ?? '')]);
}

/**
 * Return the number of pages and links, and what is wrong, a line each.
 *
 * @param root the folder that a server serves
 * @param folder what to check in it
 */
export function check(root, folder) {
  const files = readdirSync(join(root, folder), { recursive: true }).map(name => join(folder, name))
    .filter(name => statSync(join(root, name)).isFile());
  const pages = new Map(files.filter(name => name.endsWith('.html'))
    .map(name => [name.split(sep).join('/'), tags(readFileSync(join(root, name), 'utf8'))]));
  const ids = new Map([...pages].map(([name, all]) => [name, new Set(all.flatMap(([, has]) => [has.id, has.name]))]));
  const problems = [];
  let links = 0;
  for (const [page, all] of pages) {
    for (const [tag, has] of all) {
      for (const link of [has.href, has.src].filter(one => one !== undefined)) {
        const url = new URL(link, HOST + page);
        if (url.origin !== new URL(HOST).origin) {
          if (tag !== 'a' && url.protocol !== 'data:') problems.push(`${page} loads ${link}`);
          continue;
        }
        links++;
        let file = decodeURIComponent(url.pathname).slice(1);
        if (file === '' || file.endsWith('/')) file += 'index.html';
        const anchor = decodeURIComponent(url.hash).slice(1);
        if (!existsSync(join(root, file)) || !statSync(join(root, file)).isFile()) {
          problems.push(`${page} links to ${link}: no such file`);
        } else if (anchor && ids.has(file) && !ids.get(file).has(anchor)) {
          problems.push(`${page} links to ${link}: no such anchor`);
        }
      }
    }
  }
  for (const name of files.filter(file => file.endsWith('.css'))) {
    const css = readFileSync(join(root, name), 'utf8');
    for (const [, link] of css.matchAll(/(?:url\(|@import\s+(?!url))["']?([^"')\s]+)/g)) {
      const url = new URL(link, HOST + name.split(sep).join('/'));
      if (url.protocol === 'data:') continue;
      if (url.origin !== new URL(HOST).origin) problems.push(`${name} loads ${link}`);
      else if (!existsSync(join(root, decodeURIComponent(url.pathname)))) problems.push(`${name} loads ${link}: no such file`);
    }
  }
  return { pages: pages.size, links, problems };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const found = check(process.argv[2], process.argv[3]);
  found.problems.forEach(line => console.error(line));
  console.log(`${found.pages} pages, ${found.links} links, ${found.problems.length} broken`);
  process.exitCode = found.problems.length || !found.pages ? 1 : 0;
}
