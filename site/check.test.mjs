import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { check } from './check.mjs';

/** Return the problems of a page beside another one. */
function problems(body, css = '') {
  const root = mkdtempSync(join(tmpdir(), 'site-'));
  try {
    mkdirSync(join(root, '1.0/java'), { recursive: true });
    writeFileSync(join(root, '1.0/index.html'), body);
    writeFileSync(join(root, '1.0/style.css'), css);
    writeFileSync(join(root, '1.0/java/Loss.html'), '<h2 id="of(float,int)">of</h2><a name="old"></a><a href="../index.html">up</a>');
    return check(root, '1.0').problems;
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('what is there is accepted', () => {
  assert.deepEqual(problems('<h1 id="a">A</h1><a href="#a">a</a><a href="/1.0/java/Loss.html#of(float,int)">of</a>'
    + '<a class="x" href="java/Loss.html#old">old</a><a href="./">here</a><a href="https://example.org/x">away</a>'
    + '<!-- <a href="gone.html"> --><script>"<a href=\'gone.html\'>"</script>'), []);
});

test('a missing page, also in the folder above', () => {
  assert.deepEqual(problems('<a href="gone.html">x</a><img src="/gone.png">'),
    ['1.0/index.html links to gone.html: no such file', '1.0/index.html links to /gone.png: no such file']);
  assert.equal(problems('<a href="java/">no index</a>').length, 1);
});

test('a missing anchor, on the same page and on another one', () => {
  assert.deepEqual(problems('<a href="#b">x</a><a href="java/Loss.html#of()">x</a>'),
    ['1.0/index.html links to #b: no such anchor', '1.0/index.html links to java/Loss.html#of(): no such anchor']);
});

test('nothing is loaded from elsewhere', () => {
  assert.equal(problems('<script src="https://example.org/a.js"></script><link href="https://example.org/a.css" rel="stylesheet">').length, 2);
  assert.equal(problems('', '@font-face { src: url("https://example.org/f.woff2") } @import "https://example.org/b.css";').length, 2);
});

test('what a style sheet names must be there', () => {
  assert.deepEqual(problems('', "@import url('fonts/gone.css'); a { background: url(data:image/png;base64,AAAA) } b { src: url(/1.0/style.css) }"),
    ['1.0/style.css loads fonts/gone.css: no such file']);
});
