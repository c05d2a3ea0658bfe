'use strict';
// A matrix of more classes cannot be read, and a page of a million cells hardly opens.
const LARGEST_MATRIX = 100, MOST_PAIRS = 50;
const palette = ['--c1', '--c2', '--c3', '--c4', '--c5', '--c6', '--c7', '--c8'];
const byId = id => document.getElementById(id);
const percent = (x, digits = 2) => x == null ? '–' : (100 * x).toFixed(digits) + ' %';
const points = x => (x < 0 ? '−' : '+') + Math.abs(100 * x).toFixed(1);
const plain = x => x == null ? '–' : Number(x.toPrecision(4)).toString().replace('-', '−');
const labels = {rmse: 'RMSE', mae: 'MAE', r2: 'R²', auc: 'AUC', f1: 'F1', macro_f1: 'macro F1'};
const label = metric => labels[metric] ?? metric.replace(/_/g, ' ');
const number = x => x == null ? '–' : Math.round(x).toLocaleString('en');
const fixed = (x, digits) => x == null ? '–' : x.toFixed(digits);

/** Make an element; attributes, then children: nodes or text. */
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Return the color of a variant; behind the palette, hues of equal lightness that never repeat. */
function color(index) {
  if (index > palette.length) return `oklch(0.62 0.13 ${((index - palette.length) * 137.508 % 360).toFixed(1)})`;
  return `var(${index === 0 ? '--alone' : palette[index - 1]})`;
}

function key(name, css) {
  return make('span', {}, make('span', {class: 'key', style: `background:${css}`}), name);
}

/** Make a table that scrolls sideways where it is too wide; of kind stack, a row becomes a block on a phone. */
function table(name, head, rows, kind = '') {
  const line = (row, tag) => make('tr', {}, ...row.map((cell, i) => tag === 'th' ? make('th', {scope: 'col'}, cell)
      : i === 0 ? make('th', {scope: 'row'}, cell) : make('td', {'data-label': head[i], class: cell === '–' ? 'none' : ''}, cell)));
  return make('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': name}, make('table', {class: kind},
      make('thead', {}, line(head, 'th')), make('tbody', {}, ...rows.map(row => line(row, 'td')))));
}

/** Leave out columns in which no row has anything. */
function filled(head, rows) {
  const kept = head.map((_, i) => i).filter(i => i === 0 || rows.some(row => row[i] !== '–'));
  return [kept.map(i => head[i]), rows.map(row => kept.map(i => row[i]))];
}

// A row: a picture, text, or nothing where this kind of data shows nothing.
function example(address, alt) {
  if (!address) return [];
  if (!address.startsWith('data:text/plain')) return [make('img', {src: address, alt, loading: 'lazy'})];
  const bytes = Uint8Array.from(atob(address.slice(address.indexOf(',') + 1)), c => c.charCodeAt(0));
  return [make('p', {class: 'text', tabindex: '0'}, new TextDecoder().decode(bytes))];
}

/** Write a number of an axis, with so many digits that the ends of a range differ. */
function axis(v, range = 0) {
  const digits = range > 0 ? Math.min(6, Math.max(3, Math.ceil(Math.log10(Math.abs(v) / range)) + 2)) : 3;
  return v !== 0 && Math.abs(v) < 1e-3 ? v.toExponential(0) : Number(v.toPrecision(digits)).toString();
}

/** Return the least and the largest of numbers, which may be too many for the arguments of a function; apart even if all are equal. */
function ends(values) {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity), high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

/** Draw lines over epochs; planned is how many there will be. */
function chart(title, series, planned = 0) {
  const all = series.flatMap(s => s.values).filter(v => v != null);
  if (all.length === 0) return null;
  const width = 320, height = 180, left = 58, right = 8, top = 8, bottom = 22;
  const [low, high] = ends(all);
  const epochs = Math.max(planned, ...series.map(s => s.values.length));
  const x = i => left + (epochs < 2 ? 0.5 : i / (epochs - 1)) * (width - left - right);
  const y = v => top + (high - v) / (high - low) * (height - top - bottom);
  const picture = svg('svg', {viewBox: `0 0 ${width} ${height}`, role: 'img',
    'aria-label': `${title}: ${all.length} values from ${axis(low)} to ${axis(high)}`});
  for (const v of [low, (low + high) / 2, high]) {
    picture.append(svg('line', {x1: left, x2: width - right, y1: y(v), y2: y(v), stroke: 'var(--line)'}),
        svg('text', {x: left - 4, y: y(v) + 4, 'text-anchor': 'end'}, axis(v, high - low)));
  }
  picture.append(svg('text', {x: left, y: height - 6}, 'epoch 0'),
      svg('text', {x: width - right, y: height - 6, 'text-anchor': 'end'}, String(epochs - 1)));
  for (const s of series) {
    const path = s.values.map((v, i) => v == null ? '' : `${x(i).toFixed(1)},${y(v).toFixed(1)}`).filter(Boolean).join(' ');
    picture.append(svg('polyline', {points: path, fill: 'none', stroke: s.css, 'stroke-width': 1.6, 'stroke-opacity': s.faint ? 0.45 : 1}));
    const last = s.values.length - 1;
    if (s.values[last] != null) picture.append(svg('circle', {cx: x(last), cy: y(s.values[last]), r: 2.5, fill: s.css}));
  }
  return make('figure', {}, make('figcaption', {}, title), picture);
}

function reliability(title, bins, css) {
  const size = 200, left = 34, right = 10, top = 8, bottom = 34;
  const at = v => left + v * (size - left - right), up = v => size - bottom - v * (size - top - bottom);
  const picture = svg('svg', {viewBox: `0 0 ${size} ${size}`, role: 'img', 'aria-label': 'accuracy over confidence of ' + title, class: 'square'});
  for (const v of [0, 0.5, 1]) {
    picture.append(svg('line', {x1: at(0), x2: at(1), y1: up(v), y2: up(v), stroke: 'var(--line)'}),
        svg('text', {x: left - 4, y: up(v) + 4, 'text-anchor': 'end'}, String(v)),
        svg('text', {x: at(v), y: up(0) + 13, 'text-anchor': 'middle'}, String(v)));
  }
  bins.forEach((bin, i) => {
    if (!bin.rows) return;
    picture.append(svg('rect', {x: at(i / bins.length) + 0.5, y: up(bin.accuracy), width: (at(1) - at(0)) / bins.length - 1,
      height: up(0) - up(bin.accuracy), fill: css}, svg('title', {}, `${bin.rows} rows: confidence ${percent(bin.confidence, 1)}, accuracy ${percent(bin.accuracy, 1)}`)));
  });
  picture.append(svg('line', {x1: at(0), y1: up(0), x2: at(1), y2: up(1), stroke: 'var(--soft)', 'stroke-dasharray': '3 3'}),
      svg('text', {x: at(0.5), y: size - 4, 'text-anchor': 'middle'}, 'confidence'),
      svg('text', {x: 10, y: up(0.5), 'text-anchor': 'middle', transform: `rotate(-90 10 ${up(0.5)})`}, 'accuracy'));
  return make('figure', {}, make('figcaption', {}, title), picture);
}

function scatter(name, points, low, high, css) {
  const size = 220, left = 46, right = 10, top = 8, bottom = 34;
  const at = v => left + (v - low) / (high - low) * (size - left - right), up = v => size - bottom - (v - low) / (high - low) * (size - top - bottom);
  const picture = svg('svg', {viewBox: `0 0 ${size} ${size}`, role: 'img', 'aria-label': 'predicted over true numbers of ' + name, class: 'square'});
  for (const v of [low, (low + high) / 2, high]) {
    picture.append(svg('line', {x1: at(low), x2: at(high), y1: up(v), y2: up(v), stroke: 'var(--line)'}),
        svg('text', {x: left - 4, y: up(v) + 4, 'text-anchor': 'end'}, axis(v)),
        svg('text', {x: at(v), y: up(low) + 13, 'text-anchor': v === high ? 'end' : 'middle'}, axis(v)));
  }
  picture.append(svg('line', {x1: at(low), y1: up(low), x2: at(high), y2: up(high), stroke: 'var(--soft)', 'stroke-dasharray': '3 3'}));
  for (const [truth, predicted] of points) picture.append(svg('circle', {cx: at(truth).toFixed(1), cy: up(predicted).toFixed(1), r: 1.6, fill: css, 'fill-opacity': 0.6}));
  picture.append(svg('text', {x: at((low + high) / 2), y: size - 4, 'text-anchor': 'middle'}, 'true'),
      svg('text', {x: 10, y: up((low + high) / 2), 'text-anchor': 'middle', transform: `rotate(-90 10 ${up((low + high) / 2)})`}, 'predicted'));
  return make('figure', {}, make('figcaption', {}, name), picture);
}

/** Say what a confusion shows. */
function confusionTitle(name, names) {
  return name + (names.length > LARGEST_MATRIX ? ': the pairs it confuses most' : ': rows are labels, columns what it said');
}

/** Make a table of the pairs of classes that a model confuses most. */
function confused(name, names, counts) {
  const pairs = [];
  counts.forEach((row, label) => row.forEach((count, said) => {
    if (count > 0 && said !== label) pairs.push({label, said, count});
  }));
  if (pairs.length === 0) return make('p', {class: 'note'}, 'No row was taken for another class.');
  pairs.sort((a, b) => b.count - a.count);
  return table(name, ['label', 'taken for', 'rows', 'share of the label’s rows'], pairs.slice(0, MOST_PAIRS).map(({label, said, count}) =>
      [names[label], names[said], number(count), percent(count / counts[label].reduce((a, b) => a + b, 0), 1)]));
}

/** Make the matrix of labels (rows) and what a model said (columns); of many classes, a table of the most confused pairs. */
function confusion(name, names, counts, css) {
  if (names.length > LARGEST_MATRIX) return confused(name, names, counts);
  const most = Math.max(1, ...counts.flat());
  const rows = counts.map((row, label) => make('tr', {}, make('th', {scope: 'row'}, names[label]),
      ...row.map((count, c) => make('td', {title: `${names[label]} taken for ${names[c]}: ${count}`,
        style: `background:color-mix(in srgb, ${css} ${Math.round(60 * count / most)}%, transparent)`}, count ? String(count) : ''))));
  return make('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': name}, make('table', {class: 'matrix'}, make('tbody', {}, ...rows,
      make('tr', {}, make('th', {}), ...names.map(n => make('th', {scope: 'col'}, make('span', {}, n)))))));
}

/** Make tiles of the rows that a model predicts worst. */
function worst(rows) {
  return make('div', {class: 'tiles'}, ...rows.map(row => make('div', {class: 'tile'},
      ...example(row.image, row.label), make('b', {}, row.label), make('div', {}, row.predicted))));
}

/** Write a duration in seconds, such as 1:02:03. */
function duration(seconds) {
  if (seconds == null) return '–';
  const whole = Math.round(seconds), two = x => String(x).padStart(2, '0');
  const minutes = Math.floor(whole / 60) % 60, hours = Math.floor(whole / 3600);
  return whole < 60 ? `${seconds < 10 ? seconds.toFixed(1) : whole} s` : (hours ? `${hours}:${two(minutes)}` : `${minutes}`) + `:${two(whole % 60)}`;
}

/** Fill a section's body; a section without content is not shown. */
function fill(id, ...children) {
  const shown = children.filter(child => child != null && child !== '');
  byId(id).replaceChildren(...shown);
  byId(id).closest('section').hidden = shown.length === 0;
}

/** Show the page's own data, or in a page of limbeck watch what the server has, again and again. */
function follow(show) {
  const own = byId('data').textContent;
  if (own) {
    show(JSON.parse(own));
    return;
  }
  let before = '';
  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.pathname + '?data', {cache: 'no-cache'});
      const text = await answer.text();
      if (!answer.ok) throw new Error(text);
      byId('live').textContent = 'Live: this page follows the files.';
      if (text !== before) show(JSON.parse(text));
      before = text;
    } catch (failure) {
      byId('live').textContent = failure instanceof TypeError
          ? 'limbeck watch has ended; this is what it showed last.' : failure.message;
    }
  };
  look();
  setInterval(look, 1000);
  document.addEventListener('visibilitychange', look);
}
