'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const palette = ['--c1', '--c2', '--c3', '--c4'];
const byId = id => document.getElementById(id);
const percent = (x, digits = 2) => x == null ? '–' : (100 * x).toFixed(digits) + ' %';
const points = x => (x < 0 ? '−' : '+') + Math.abs(100 * x).toFixed(1);
const plain = x => x == null ? '–' : Number(x.toPrecision(4)).toString().replace('-', '−');
const value = x => data.is_share ? percent(x) : plain(x);
const gain = x => data.is_share ? points(x) : plain(x);
const labels = {rmse: 'RMSE', mae: 'MAE', r2: 'R²', auc: 'AUC', f1: 'F1', macro_f1: 'macro F1'};
const label = metric => labels[metric] ?? metric.replace(/_/g, ' ');
const metricName = label(data.metric);
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

function color(index) {
  return `var(${index === 0 ? '--alone' : palette[(index - 1) % palette.length]})`;
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

// Header and the comparison

byId('title').textContent = data.title;
document.title = data.title;
byId('verdicts').textContent = data.variants.map(c => c.sentence).filter(Boolean).join('\n');
byId('facts').textContent = data.facts.join(' ');
byId('footer').textContent = data.footer;

function spread(interval) {
  if (!interval) return '–';
  const deviation = data.is_share ? fixed(100 * interval.spread, 2) : plain(interval.spread);
  return value(interval.mean) + (interval.n > 1 ? ' ± ' + deviation : '');
}

function between(interval, show) {
  if (!interval || interval.mean == null) return '–';
  return interval.low == null ? show(interval.mean)
      : make('span', {}, show(interval.mean) + ' ', make('span', {class: 'range'}, `(${show(interval.low)} to ${show(interval.high)})`));
}

const first = data.variants[0];
const machines = new Set(data.variants.flatMap(c => c.runs.map(r => r.machine)));
const factor = (c, i) => i === 0 || machines.size > 1 ? '' : ` (×${fixed(c.seconds / first.seconds, 1)})`;
byId('summary').append(
    table('Comparison', ...filled(['', metricName, 'of best epoch', `${data.is_share ? 'points over' : 'better than'} ${first.name} (95 %)`, 'the same, best epoch', '% of the gap (95 %)', 'seconds a run'], [
      ...data.teachers.map(t => [key(`teacher: ${t.architecture}`, 'var(--teacher)'), value(t.value), '–', '–', '–', '–', '–']),
      ...data.variants.map((c, i) => [key(c.name, color(i)), spread(c.value), spread(c.best_value),
        between(c.difference, gain), between(c.best_difference, gain), between(c.gap_closed, x => String(Math.round(100 * x)).replace('-', '−')),
        fixed(c.seconds, 1) + factor(c, i)]),
    ]), 'stack'),
    make('p', {class: 'note'}, `${metricName[0].toUpperCase() + metricName.slice(1)} on the ${data.split} split after the last epoch, `
        + (first.runs.length > 1 ? 'mean ± standard deviation over seeds. ' : 'of one seed. ')
        + (first.best_value ? `The best epoch is the one with the best validation ${metricName}. ` : 'Without a validation split there is no best epoch. ')
        + 'A difference is paired: the students of a seed see the same rows in the same order for as many steps. '
        + 'The gap is what the teacher is better by.'),
    make('details', {}, make('summary', {}, 'Every run'), table('Every run', ...filled(['run', 'seed', 'last epoch', 'best epoch', 'seconds', 'machine'].slice(0, machines.size > 1 ? 6 : 5),
        data.variants.flatMap(c => c.runs.map(r => [c.name, String(r.seed), value(r.value), value(r.best_value), fixed(r.seconds, 1), r.machine]
            .slice(0, machines.size > 1 ? 6 : 5)))))));

// Dark knowledge

function soften(logits, temperature) {
  const largest = Math.max(...logits);
  const weights = logits.map(z => Math.exp((z - largest) / temperature));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map(w => w / sum);
}

const drawn = [];

function bar(css, who) {
  const fill = make('i', {style: `background:${css};width:0`});
  const text = make('span', {});
  return {fill, text, node: make('div', {class: 'bar', title: who}, fill, text)};
}

// A row: a picture, text, or nothing where this kind of data shows nothing.
function example(address, alt) {
  if (!address) return [];
  if (!address.startsWith('data:text/plain')) return [make('img', {src: address, alt, loading: 'lazy'})];
  const bytes = Uint8Array.from(atob(address.slice(address.indexOf(',') + 1)), c => c.charCodeAt(0));
  return [make('p', {class: 'text', tabindex: '0'}, new TextDecoder().decode(bytes))];
}

for (const card of data.cards) {
  const isTutorials = card.image === null;
  const models = [{name: 'teacher', css: 'var(--teacher)', logits: card.teacher},
    ...(card.students || []).map(s => ({name: s.name, css: color(data.variants.findIndex(c => c.name === s.name)), logits: s.logits}))];
  const order = card.teacher.map((z, i) => i).sort((a, b) => card.teacher[b] - card.teacher[a]);
  const shown = isTutorials ? card.teacher.map((z, i) => i) : order.slice(0, 6);
  const node = make('article', {class: 'card'}, make('h3', {}, card.title),
      ...example(card.image, `test row: ${card.names[card.label]}`));
  if (isTutorials) node.append(make('p', {class: 'note'}, 'Four classes. At T = 1 nothing but dog; at T = 3 a cat is likelier than a car, which no label says.'));
  for (const c of shown) {
    const bars = models.map(model => {
      const made = bar(model.css, `${model.name}: ${card.names[c]}`);
      drawn.push({logits: model.logits, index: c, ...made});
      return made.node;
    });
    node.append(make('div', {class: 'row'}, make('span', {class: c === card.label ? 'label' : '', title: card.names[c]}, card.names[c]),
        make('div', {class: 'bars'}, ...bars)));
  }
  byId('cards').append(node);
}

function show(temperature) {
  byId('t-value').textContent = String(temperature);
  const known = new Map();
  for (const one of drawn) {
    if (!known.has(one.logits)) known.set(one.logits, soften(one.logits, temperature));
    const p = known.get(one.logits)[one.index];
    one.fill.style.width = 100 * p + '%';
    one.text.textContent = p.toFixed(4);
  }
}

byId('temperature').addEventListener('input', event => show(Number(event.target.value)));
show(Number(byId('temperature').value));
byId('cards').before(make('div', {class: 'legend'}, key('teacher', 'var(--teacher)'),
    ...data.variants.map((c, i) => key(c.name, color(i))), make('span', {class: 'note'}, `bold: the label; students of seed ${data.shown_seed}`)));

// Learning curves

function axis(v) {
  return v !== 0 && Math.abs(v) < 1e-3 ? v.toExponential(0) : Number(v.toPrecision(3)).toString();
}

function chart(title, series) {
  const all = series.flatMap(s => s.values).filter(v => v != null);
  if (all.length === 0) return null;
  const width = 320, height = 180, left = 52, right = 8, top = 8, bottom = 22;
  let low = Math.min(...all), high = Math.max(...all);
  if (low === high) { low -= 0.5; high += 0.5; }
  const epochs = Math.max(...series.map(s => s.values.length));
  const x = i => left + (epochs < 2 ? 0.5 : i / (epochs - 1)) * (width - left - right);
  const y = v => top + (high - v) / (high - low) * (height - top - bottom);
  const picture = svg('svg', {viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': title});
  for (const v of [low, (low + high) / 2, high]) {
    picture.append(svg('line', {x1: left, x2: width - right, y1: y(v), y2: y(v), stroke: 'var(--line)'}),
        svg('text', {x: left - 4, y: y(v) + 4, 'text-anchor': 'end'}, axis(v)));
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

function curves() {
  const runs = data.variants.flatMap((c, i) => c.curves.map((rows, j) => ({rows, css: color(i), faint: j > 0})));
  const terms = [...new Set(runs.flatMap(r => r.rows.flatMap(row => Object.keys(row.terms))))];
  const figures = [
    ['training loss, all terms', row => row.train_loss], ['validation loss of the task', row => row.valid_loss],
    ['validation ' + metricName, row => row.metrics[data.metric]],
    ...terms.map(t => ['training term ' + t, row => row.terms[t]]),
    ['agreement with the teacher', row => row.notes.teacher_agreement], ['learning rate', row => row.lr]];
  const charts = figures.map(([title, pick]) => chart(title,
      runs.map(r => ({...r, values: r.rows.map(pick).map(v => v === undefined ? null : v)})).filter(s => s.values.some(v => v != null))));
  byId('curves').append(make('div', {class: 'legend'}, ...data.variants.map((c, i) => key(c.name, color(i))),
      first.runs.length > 1 ? make('span', {class: 'note'}, `bold line: seed ${data.shown_seed}; pale: the others`) : ''),
      make('div', {class: 'charts'}, ...charts.filter(Boolean)));
}
curves();

// Agreement and calibration

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

const models = [...data.teachers.map(t => ({name: 'teacher: ' + t.architecture, css: 'var(--teacher)', report: t.report})),
  ...data.variants.map((c, i) => ({name: c.name, css: color(i), report: c.report}))].filter(m => m.report);
const calibrated = models.filter(m => m.report.calibration);
const columns = Object.keys(models[0]?.report.columns ?? {});
byId('fidelity').append(
    table('Agreement and calibration', ...filled(['', data.cards.length ? 'same top class' : 'same labels', 'teacher’s in top 5', 'KL to teacher', 'RMSE to teacher', 'ECE', 'fitted T', 'ECE at that T'], models.map(m => [key(m.name, m.css),
      percent(m.report.fidelity?.top1), percent(m.report.fidelity?.top5), fixed(m.report.fidelity?.kl, 3), plain(m.report.fidelity?.rmse),
      percent(m.report.calibration?.error), fixed(m.report.temperature, 2), percent(m.report.scaled?.error)])), 'stack'),
    make('p', {class: 'note'}, `Of the runs with seed ${data.shown_seed}. ` + (calibrated.length === 0 ? '' : 'Expected calibration error (ECE): how far confidence is '
        + 'from accuracy, 15 bins. ') + (models.some(m => m.report.temperature != null) ? 'The temperature is fitted on the validation split and report here. ' : '')
        + (calibrated.length === 0 ? '' : 'Below, bars under the dashed line are answers that were surer than right.')),
    make('div', {class: 'charts'}, ...calibrated.map(m => reliability(m.name, m.report.calibration.bins, m.css))));

// Predicted over true numbers

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

for (const {target, models: plotted} of data.scatters) {
  const all = plotted.flatMap(m => m.points.flat());
  if (all.length === 0) continue;
  let low = Math.min(...all), high = Math.max(...all);
  if (low === high) { low -= 0.5; high += 0.5; }
  const teachers = plotted.length - data.variants.length;
  byId('scatter').append(make('h3', {}, target), make('div', {class: 'charts'}, ...plotted.map((m, i) =>
      scatter(m.name, m.points, low, high, i < teachers ? 'var(--teacher)' : color(i - teachers)))));
}
if (data.scatters.length === 0) byId('scatter').remove();
else byId('scatter').append(make('p', {class: 'note'}, `Some rows of the ${data.split} split, seed ${data.shown_seed}. On the dashed line, predicted and true are equal.`));

// Classes

const classTables = [];
if (!first.report.confusion) byId('classes-h').textContent = first.report.recall.length > 0 ? 'Label by label' : 'Target by target';
if (calibrated.length === 0) byId('fidelity-h').textContent = 'Agreement with the teacher';
if (first.report.recall.length > 0) {
  classTables.push(table('Class by class', ['share recognized', ...models.map(m => m.name), ...data.changes.map(c => `${c.name} − ${first.name}, points`)],
      data.class_names.map((name, c) => [name, ...models.map(m => percent(m.report.recall[c], 1)),
        ...data.changes.map(change => change.recall[c] == null ? '–' : points(change.recall[c]))])));
}
for (const column of columns) {
  classTables.push(table(label(column), [label(column), ...models.map(m => m.name)], data.class_names.map((name, c) =>
      [name, ...models.map(m => plain(m.report.columns[column][c]))])));
}
byId('classes').append(...classTables, ...models.filter(m => m.report.confusion).map(m => {
  const most = Math.max(1, ...m.report.confusion.counts.flat());
  const rows = m.report.confusion.counts.map((counts, label) => make('tr', {}, make('th', {scope: 'row'}, data.class_names[label]),
      ...counts.map((count, c) => make('td', {title: `${data.class_names[label]} taken for ${data.class_names[c]}: ${count}`,
        style: `background:color-mix(in srgb, ${m.css} ${Math.round(60 * count / most)}%, transparent)`}, count ? String(count) : ''))));
  return make('details', {}, make('summary', {}, `Confusion of ${m.name}: rows are labels, columns what it said`),
      make('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `Confusion of ${m.name}`}, make('table', {class: 'matrix'}, make('tbody', {}, ...rows,
          make('tr', {}, make('th', {}), ...data.class_names.map(n => make('th', {scope: 'col'}, make('span', {}, n))))))));
}));

// Rows that a variant wins and loses

for (const change of data.changes) {
  const tiles = images => make('div', {class: 'tiles'}, ...images.map(image => make('div', {class: 'tile'},
      ...example(image.image, image.label), make('b', {}, image.label),
      make('div', {}, `${image.before} → ${image.after}`))));
  byId('images').append(make('h3', {}, `${change.name}: ${number(change.won)} won, ${number(change.lost)} lost`),
      make('p', {class: 'note'}, `Some that ${first.name} gets wrong and ${change.name} right, seed ${data.shown_seed}. Bold is the label; `
          + `below it what ${first.name} said → what ${change.name} said.`), tiles(change.won_images),
      make('p', {class: 'note'}, 'Some of the other way round:'), tiles(change.lost_images));
}
if (data.changes.length === 0) byId('images').remove();
if (data.cards.length === 0) byId('dark').remove();

// Rows that each variant predicts worst

for (const {name, rows} of data.misses) {
  byId('misses').append(make('h3', {}, name), make('div', {class: 'tiles'}, ...rows.map(row => make('div', {class: 'tile'},
      ...example(row.image, row.label), make('b', {}, row.label), make('div', {}, row.predicted)))));
}
byId('misses-h').after(make('p', {class: 'note'}, `The rows of the ${data.split} split with the largest loss, worst first, seed ${data.shown_seed}. `
    + 'Bold is what is true; below it what was predicted.'));

// Cost

const batch = data.costs[0]?.profile.batch;
byId('cost').append(table('Size and cost', ['', 'parameters', 'million MACs', 'KB on disk', 'p50 ms, one row', 'p90', 'p99', `p50 ms, ${batch} rows`, `rows/s, ${batch} at once`],
    data.costs.map(c => [c.name, number(c.profile.parameters), fixed(c.profile.macs / 1e6, 1), number(c.profile.bytes / 1000),
      fixed(c.profile.one.p50, 2), fixed(c.profile.one.p90, 2), fixed(c.profile.one.p99, 2), fixed(c.profile.many.p50, 2), number(c.profile.throughput)]), 'stack'),
    make('p', {class: 'note'}, 'Measured on the machine that wrote this page, when it did; limbeck profile measures anew, memory too.'));
