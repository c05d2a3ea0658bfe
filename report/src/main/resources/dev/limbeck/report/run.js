// The page of one run

const TRAIN = 'train_';
const OF_TIME = ['seconds', 'rows_per_second'];

/** Say what a column of epochs.csv is. */
function columnName(name) {
  if (name === 'train_loss') return 'training loss, all terms';
  if (name === 'valid_loss') return 'validation loss of the task';
  if (name === 'lr') return 'learning rate';
  if (name === 'rows_per_second') return 'rows per second';
  return name.startsWith(TRAIN) ? 'training term ' + name.slice(TRAIN.length) : label(name);
}

function stateOf(page) {
  const done = page.epochs.length, all = page.planned;
  const epochs = `${done} ${all && all !== done ? `of ${all} ` : ''}epoch${(all ?? done) === 1 ? '' : 's'}`;
  const left = page.seconds_left == null ? '' : `, about ${duration(page.seconds_left)} left`;
  if (page.state === 'running') return `Running: ${epochs}${left}`;
  if (page.state === 'interrupted') return `Interrupted after ${epochs}; limbeck goes on with --resume`;
  return `Finished: ${epochs} in ${duration(page.seconds)}` + (page.stopped ? `, stopped early: ${page.stopped}` : '');
}

function score(metric, x, shares) {
  return shares.includes(metric) ? percent(x) : plain(x);
}

function results(page) {
  if (page.results.length === 0) return [];
  const metrics = [...new Set(page.results.flatMap(r => Object.keys(r.metrics)))];
  return [table('Results', ...filled(['split and epoch', ...metrics.map(label), 'loss', 'rows'], page.results.map(r =>
      [r.name, ...metrics.map(m => score(m, r.metrics[m], page.shares)), plain(r.loss), number(r.rows)])), 'stack')];
}

function curves(page) {
  const names = [...new Set(page.epochs.flatMap(Object.keys))].filter(name => !OF_TIME.includes(name));
  return names.map((name, i) => chart(columnName(name), [{css: name.startsWith(TRAIN) ? 'var(--teacher)' : 'var(--c1)',
    values: page.epochs.map(row => row[name] ?? null)}], page.planned ?? 0)).filter(Boolean);
}

function epochs(page) {
  const names = [...new Set(page.epochs.flatMap(Object.keys))];
  return table('Every epoch', ['epoch', ...names.map(columnName)], page.epochs.map((row, i) => [String(i), ...names.map(n => plain(row[n]))]), '');
}

function classes(page) {
  const found = page.evaluation;
  if (!found) return page.without_evaluation ? [make('p', {class: 'note'}, page.without_evaluation)] : [];
  const report = found.report, shown = [];
  shown.push(make('p', {class: 'note'}, `Of the ${found.split} split.`));
  const columns = Object.keys(report.columns ?? {});
  const head = ['', ...(report.recall.length ? ['share recognized'] : []), ...columns.map(label)];
  if (head.length > 1) {
    shown.push(table('Class by class', head, found.class_names.map((name, c) => [name,
      ...(report.recall.length ? [percent(report.recall[c], 1)] : []), ...columns.map(k => plain(report.columns[k][c]))])));
  }
  if (report.confusion) {
    shown.push(make('h3', {}, confusionTitle('Confusion', found.class_names)),
        confusion('Confusion', found.class_names, report.confusion.counts, 'var(--c1)'));
  }
  if (report.calibration) {
    shown.push(make('h3', {}, 'Calibration'), make('p', {class: 'note'}, `Expected calibration error ${percent(report.calibration.error)}. `
        + 'Bars under the dashed line are answers that were surer than right.'),
        make('div', {class: 'charts'}, reliability('accuracy over confidence', report.calibration.bins, 'var(--c1)')));
  }
  return shown;
}

function scatters(page) {
  return (page.evaluation?.scatters ?? []).flatMap(({target, models}) => {
    const points = models[0].points, all = points.flat();
    if (all.length === 0) return [];
    return [scatter(target, points, ...ends(all), 'var(--c1)')];
  });
}

function show(page) {
  document.title = page.title;
  byId('title').textContent = page.title;
  byId('state').textContent = stateOf(page);
  byId('facts').textContent = page.facts.join(' ');
  byId('footer').textContent = page.footer;
  byId('up').hidden = !page.has_index;
  const bar = byId('progress');
  bar.hidden = page.state === 'finished' || !page.planned;
  bar.max = page.planned ?? 1;
  bar.value = page.epochs.length;
  fill('warnings', ...(page.warnings.length ? [make('ul', {}, ...page.warnings.map(line => make('li', {}, line)))] : []));
  fill('results', ...results(page));
  const charts = curves(page);
  fill('curves', ...(charts.length ? [make('div', {class: 'charts'}, ...charts)] : [make('p', {class: 'note'}, 'The first epoch is not over.')]));
  byId('epochs').replaceChildren(epochs(page));
  fill('classes', ...classes(page));
  const scattered = scatters(page);
  fill('scatter', ...(scattered.length ? [make('div', {class: 'charts'}, ...scattered)] : []));
  const misses = page.evaluation?.misses ?? [];
  fill('misses', ...(misses.length ? [make('p', {class: 'note'}, `The rows of the ${page.evaluation.split} split with the largest loss, worst first. `
      + 'Bold is what is true; below it what was predicted.'), worst(misses)] : []));
  const settings = Object.entries(page.settings);
  fill('settings', ...(settings.length ? [table('Settings', ['setting', 'value'], settings, 'settings')] : []));
}

follow(show);
