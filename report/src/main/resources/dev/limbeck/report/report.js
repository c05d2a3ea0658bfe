const data = JSON.parse(document.getElementById('data').textContent);
const value = x => data.is_share ? percent(x) : plain(x);
const gain = x => data.is_share ? points(x) : plain(x);
const metricName = label(data.metric);

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
      ...data.teachers.map(t => [key(`teacher: ${t.title}`, 'var(--teacher)'), value(t.value), '–', '–', '–', '–', '–']),
      ...data.variants.map((c, i) => [key(c.name, color(i)), spread(c.value), spread(c.best_value),
        between(c.difference, gain), between(c.best_difference, gain), between(c.gap_closed, x => String(Math.round(100 * x)).replace('-', '−')),
        fixed(c.seconds, 1) + factor(c, i)]),
    ]), 'stack'),
    make('p', {class: 'note'}, `${metricName[0].toUpperCase() + metricName.slice(1)} on the ${data.split} split after the last epoch, `
        + (first.runs.length > 1 ? 'mean ± standard deviation over seeds. ' : 'of one seed. ')
        + (first.best_value ? `The best epoch is the one with the best validation ${metricName}. ` : 'Without a validation split there is no best epoch. ')
        + 'A difference is paired: the students of a seed see the same rows in the same order for as many steps. '
        + (data.variants.some(c => c.gap_closed?.mean != null) ? 'The gap is what the teacher is better by.' : '')),
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

for (const card of data.cards) {
  const isTutorials = card.image === null;
  const models = [{name: 'teacher', css: 'var(--teacher)', logits: card.teacher},
    ...(card.students || []).map(s => ({name: s.name, css: color(data.variants.findIndex(c => c.name === s.name)), logits: s.logits}))];
  const order = card.teacher.map((z, i) => i).sort((a, b) => card.teacher[b] - card.teacher[a]);
  const shown = isTutorials ? card.teacher.map((z, i) => i) : order.slice(0, 6);
  const node = make('article', {class: 'card'}, make('h3', {}, card.title),
      ...example(card.image, `row of the ${data.split} split: ${card.names[card.label]}`));
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

const models = [...data.teachers.map(t => ({name: 'teacher: ' + t.title, css: 'var(--teacher)', report: t.report})),
  ...data.variants.map((c, i) => ({name: c.name, css: color(i), report: c.report}))].filter(m => m.report);
const calibrated = models.filter(m => m.report.calibration);
const columns = Object.keys(models[0]?.report.columns ?? {});
const agrees = models.some(m => m.report.fidelity);
const fidelity = filled(['', data.cards.length ? 'same top class' : 'same labels', 'teacher’s in top 5', 'KL to teacher', 'RMSE to teacher', 'ECE', 'fitted T', 'ECE at that T'], models.map(m => [key(m.name, m.css),
  percent(m.report.fidelity?.top1), percent(m.report.fidelity?.top5), fixed(m.report.fidelity?.kl, 3), plain(m.report.fidelity?.rmse),
  percent(m.report.calibration?.error), fixed(m.report.temperature, 2), percent(m.report.scaled?.error)]));
if (calibrated.length === 0) byId('fidelity-h').textContent = 'Agreement with the teacher';
else if (!agrees) byId('fidelity-h').textContent = 'Calibration';
// The first column has the names alone.
if (fidelity[0].length === 1) byId('fidelity').remove();
else byId('fidelity').append(table(byId('fidelity-h').textContent, ...fidelity, 'stack'),
    make('p', {class: 'note'}, `Of the runs with seed ${data.shown_seed}. ` + (calibrated.length === 0 ? '' : 'Expected calibration error (ECE): how far confidence is '
        + 'from accuracy, 15 bins. ') + (models.some(m => m.report.temperature != null) ? 'The temperature is fitted on the validation split and reported here. ' : '')
        + (calibrated.length === 0 ? '' : 'Below, bars under the dashed line are answers that were surer than right.')),
    make('div', {class: 'charts'}, ...calibrated.map(m => reliability(m.name, m.report.calibration.bins, m.css))));

// Predicted over true numbers

for (const {target, models: plotted} of data.scatters) {
  const all = plotted.flatMap(m => m.points.flat());
  if (all.length === 0) continue;
  const [low, high] = ends(all);
  const teachers = plotted.length - data.variants.length;
  byId('scatter').append(make('h3', {}, target), make('div', {class: 'charts'}, ...plotted.map((m, i) =>
      scatter(m.name, m.points, low, high, i < teachers ? 'var(--teacher)' : color(i - teachers)))));
}
if (data.scatters.length === 0) byId('scatter').remove();
else byId('scatter').append(make('p', {class: 'note'}, `Some rows of the ${data.split} split, seed ${data.shown_seed}. On the dashed line, predicted and true are equal.`));

// Classes

const classTables = [];
if (!first.report.confusion) byId('classes-h').textContent = first.report.recall.length > 0 ? 'Label by label' : 'Target by target';
if (first.report.recall.length > 0) {
  classTables.push(table('Class by class', ['share recognized', ...models.map(m => m.name), ...data.changes.map(c => `${c.name} − ${first.name}, points`)],
      data.class_names.map((name, c) => [name, ...models.map(m => percent(m.report.recall[c], 1)),
        ...data.changes.map(change => change.recall[c] == null ? '–' : points(change.recall[c]))])));
}
for (const column of columns) {
  classTables.push(table(label(column), [label(column), ...models.map(m => m.name)], data.class_names.map((name, c) =>
      [name, ...models.map(m => plain(m.report.columns[column][c]))])));
}
byId('classes').append(...classTables, ...models.filter(m => m.report.confusion).map(m => make('details', {},
    make('summary', {}, confusionTitle(`Confusion of ${m.name}`, data.class_names)),
    confusion(`Confusion of ${m.name}`, data.class_names, m.report.confusion.counts, m.css))));

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
  byId('misses').append(make('h3', {}, name), worst(rows));
}
byId('misses-h').after(make('p', {class: 'note'}, `The rows of the ${data.split} split with the largest loss, worst first, seed ${data.shown_seed}. `
    + 'Bold is what is true; below it what was predicted.'));

// Cost

const batch = data.costs[0]?.profile.batch;
byId('cost').append(table('Size and cost', ['', 'parameters', 'million MACs', 'KB on disk', 'p50 ms, one row', 'p90', 'p99', `p50 ms, ${batch} rows`, `rows/s, ${batch} at once`],
    data.costs.map(c => [c.name, number(c.profile.parameters), fixed(c.profile.macs / 1e6, 1), number(c.profile.bytes / 1000),
      fixed(c.profile.one.p50, 2), fixed(c.profile.one.p90, 2), fixed(c.profile.one.p99, 2), fixed(c.profile.many.p50, 2), number(c.profile.throughput)]), 'stack'),
    make('p', {class: 'note'}, 'Measured on the machine that wrote this page, when it did; limbeck profile measures anew, memory too.'));
