// The pages of the site, in the order of its navigation: the file in the repository, and the title in the sidebar.
export const groups = [
  ['Start', [
    ['README.md', 'Overview'],
    ['docs/tutorial.md', 'Tutorial: images'],
    ['docs/tutorial-texts.md', 'Tutorial: texts'],
    ['docs/tutorial-tables.md', 'Tutorial: tables'],
  ]],
  ['Guides', [
    ['docs/cookbook.md', 'Cookbook'],
    ['docs/coming-from.md', 'Coming from fastai, Keras, torchdistill'],
    ['docs/data.md', 'Data'],
    ['docs/folders.md', 'Folders of images'],
    ['docs/images.md', 'Image files'],
    ['docs/rows.md', 'Texts and tables'],
    ['docs/tasks.md', 'Several labels and numbers'],
    ['docs/teachers.md', 'Teachers'],
    ['docs/checkpoints.md', 'Checkpoints'],
    ['docs/losses.md', 'Losses'],
    ['docs/pruning.md', 'Pruning'],
    ['docs/recipes.md', 'Recipes'],
  ]],
  ['Operate', [
    ['docs/export.md', 'Export'],
    ['docs/serving.md', 'Serving'],
    ['docs/scale.md', 'Several processes and machines'],
    ['docs/tracking.md', 'Tracking and reports'],
    ['docs/security.md', 'Security'],
  ]],
  ['Evidence', [
    ['docs/results.md', 'Results'],
    ['docs/performance.md', 'Performance'],
  ]],
  ['Reference', [
    ['docs/run-json.md', 'run.json'],
    ['CHANGELOG.md', 'Changelog'],
    ['ARCHITECTURE.md', 'Architecture'],
    ['CONTRIBUTING.md', 'Contributing'],
  ]],
];

export const titles = new Map(groups.flatMap(([, pages]) => pages));

/** Return the name of a page in the site, without a suffix: all are in one folder. */
export function pageName(file) {
  return file === 'README.md' ? 'index' : file.replace(/^docs\//, '').replace(/\.md$/, '').toLowerCase();
}
