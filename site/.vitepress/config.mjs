import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';
import { groups, pageName } from '../pages.mjs';

const OUT = 'target/site';
const version = readFileSync('../bom/pom.xml', 'utf8').match(/<version>(.*?)<\/version>/)[1];
// Where the folder with all versions is served: SITE_BASE=/limbeck/ for a part of a server.
const root = process.env.SITE_BASE ?? '/';
const base = `${root}${version}/`;
const javadoc = { text: 'Javadoc', link: '/javadoc/index.html', target: '_self' };

/** Return an anchor as GitHub makes it, so that a link works there and here. */
function slugify(title) {
  return title.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
}

/** Return the pages of the Javadoc by the name of the class, without names that are in two packages. */
function javadocPages() {
  const index = readFileSync('target/src/public/javadoc/type-search-index.js', 'utf8');
  const pages = new Map();
  for (const { p, l } of JSON.parse(index.slice(index.indexOf('['), index.lastIndexOf(']') + 1))) {
    if (p) pages.set(l, pages.has(l) ? null : `${base}javadoc/${p.replaceAll('.', '/')}/${l}.html`);
  }
  return pages;
}

/** Give indented code the same box as fenced code. */
function boxIndentedCode(md) {
  md.core.ruler.push('indented-code', state => state.tokens.filter(token => token.type === 'code_block').forEach(token => {
    token.type = 'fence';
    token.tag = 'code';
    token.markup = '```';
    token.info = /^(bin|bench|examples|fuzz|mvn|curl)\b/.test(token.content) ? 'sh' : '';
  }));
}

/** Make a class name in the text a link to its Javadoc. */
function linkJavadoc(md) {
  const pages = javadocPages();
  md.core.ruler.push('javadoc', state => {
    // That page has the names of other libraries.
    if (state.env.relativePath === 'coming-from.md') return;
    state.tokens.forEach((block, index) => {
      if (block.type !== 'inline' || state.tokens[index - 1].type === 'heading_open') return;
      let links = 0;
      block.children = block.children.flatMap(token => {
        if (token.type === 'link_open') links++;
        if (token.type === 'link_close') links--;
        if (token.type !== 'code_inline' || links) return [token];
        const page = pages.get(token.content) ?? pages.get(token.content.replace(/^(?:new )?([A-Z]\w*)[.(].*$/, '$1'));
        if (!page) return [token];
        const open = new state.Token('link_open', 'a', 1);
        open.attrs = [['href', page], ['target', '_self'], ['class', 'javadoc']];
        return [open, token, new state.Token('link_close', 'a', -1)];
      });
    });
  });
}

/** Write the page that leads to the newest version, and the list of all versions in the folder. */
function writeVersions() {
  const versions = readdirSync(OUT).filter(name => existsSync(join(OUT, name, 'index.html')))
    .sort((one, other) => other.localeCompare(one, 'en', { numeric: true }));
  const page = (head, body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>Limbeck</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<link rel="icon" href="${versions[0]}/icon.svg">${head}
<style>body { font-family: system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; line-height: 1.7 }</style>
${body}</html>\n`;
  writeFileSync(join(OUT, 'index.html'), page(`<meta http-equiv="refresh" content="0; url=${versions[0]}/index.html">`,
    `<p><a href="${versions[0]}/index.html">Limbeck ${versions[0]}</a></p>`));
  writeFileSync(join(OUT, 'versions.html'), page('', `<h1>Limbeck</h1><p>Documentation of each version:</p><ul>${
    versions.map(name => `<li><a href="${name}/index.html">${name}</a></li>`).join('')}</ul>`));
}

export default defineConfig({
  title: 'Limbeck',
  description: 'Knowledge distillation for the JVM',
  lang: 'en-US',
  base,
  srcDir: 'target/src',
  // The licenses of what Javadoc uses are Markdown too.
  srcExclude: ['public/**'],
  outDir: `${OUT}/${version}`,
  cacheDir: 'target/cache',
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}icon.svg` }]],
  markdown: {
    anchor: { slugify },
    config: md => {
      boxIndentedCode(md);
      linkJavadoc(md);
    },
  },
  themeConfig: {
    logo: '/icon.svg',
    nav: [
      { text: 'Tutorial', link: '/tutorial' },
      { text: 'Cookbook', link: '/cookbook' },
      javadoc,
      {
        text: version,
        items: [
          { text: 'Changes', link: '/changelog' },
          { text: 'Other versions', link: '/versions.html', target: '_self' },
        ],
      },
    ],
    sidebar: groups.map(([text, pages]) => ({
      text,
      items: [
        ...(text === 'Reference' ? [javadoc] : []),
        ...pages.map(([file, title]) => ({ text: title, link: `/${pageName(file).replace(/^index$/, '')}` })),
      ],
    })),
    outline: [2, 3],
    search: {
      provider: 'local',
      options: {
        _render: (src, env, md) => {
          const html = md.render(src, env);
          return env.frontmatter?.search === false ? '' : html;
        },
      },
    },
  },
  buildEnd: writeVersions,
});
