// The page of a folder of runs: a table that each column's button sorts

let sortedBy = null, downward = false;

/** Return the columns: name, value to sort by, cell. */
function columnsOf(page) {
  const scores = [...new Set(page.runs.flatMap(r => Object.keys(r.scores)))];
  return [
    ['run', r => r.name, r => r.href ? make('a', {href: r.href}, r.name) : r.name],
    ['state', r => r.state, r => r.state],
    ['network', r => r.student, r => r.student ?? '–'],
    ['teacher', r => r.teacher, r => r.teacher ?? '–'],
    ['epochs', r => r.epochs, r => r.planned && r.planned !== r.epochs ? `${r.epochs} of ${r.planned}` : String(r.epochs)],
    ...scores.map(name => [name.replace(/ .*/, ' ') + label(name.replace(/^\w+ /, '')), r => r.scores[name],
      r => page.shares.includes(name) ? percent(r.scores[name]) : plain(r.scores[name])]),
    ['training loss', r => r.train_loss, r => plain(r.train_loss)],
    ['time', r => r.seconds, r => duration(r.seconds)],
    ['begun', r => r.started, r => r.started ? r.started.slice(0, 16).replace('T', ' ') : '–'],
  ];
}

function compared(one, two) {
  if (one == null || two == null) return (one == null) - (two == null);
  const order = typeof one === 'number' ? one - two : String(one).localeCompare(String(two), 'en', {numeric: true});
  return downward ? -order : order;
}

function sorted(page) {
  const columns = columnsOf(page);
  const by = columns.find(c => c[0] === sortedBy);
  const rows = by ? [...page.runs].sort((a, b) => compared(by[1](a), by[1](b))) : page.runs;
  const made = table('Runs', ...filled(columns.map(c => c[0]), rows.map(r => columns.map(c => c[2](r)))), 'stack runs');
  for (const head of made.querySelectorAll('thead th')) {
    const name = head.textContent, isBy = name === sortedBy;
    if (isBy) head.setAttribute('aria-sort', downward ? 'descending' : 'ascending');
    const button = make('button', {type: 'button'}, name, make('span', {'aria-hidden': 'true'}, isBy ? (downward ? '\u00a0▼' : '\u00a0▲') : '\u00a0↕'));
    button.addEventListener('click', () => {
      downward = isBy && !downward;
      sortedBy = name;
      byId('runs').replaceChildren(sorted(page));
      [...byId('runs').querySelectorAll('thead button')].find(b => b.textContent.startsWith(name)).focus();
    });
    head.replaceChildren(button);
  }
  return made;
}

function show(page) {
  document.title = page.title;
  byId('title').textContent = page.title;
  byId('facts').textContent = page.facts.join(' ');
  byId('footer').textContent = page.footer;
  fill('comparisons', ...(page.comparisons.length
      ? [make('ul', {}, ...page.comparisons.map(c => make('li', {}, c.href ? make('a', {href: c.href}, c.name) : c.name)))] : []));
  fill('runs', ...(page.runs.length ? [sorted(page)] : [make('p', {class: 'note'}, 'There is no run yet.')]));
}

follow(show);
