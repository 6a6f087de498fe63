// The Python template: a notebook over a table, and a script that draws into the output panel. Nothing to install.
import type { Template } from './template.ts';

const data = `city,month,degrees
Oslo,1,-4
Oslo,4,5
Oslo,7,18
Oslo,10,6
Lisbon,1,11
Lisbon,4,16
Lisbon,7,24
Lisbon,10,19
`;

const chart = `"""Bars as SVG, without a library. Notebook cells and this file's own last lines use it."""

import csv
from html import escape


def read(path):
    with open(path, newline="") as file:
        return [{**row, "degrees": int(row["degrees"])} for row in csv.DictReader(file)]


class Bars:
    """Anything with \`_repr_svg_\` is shown as a picture."""

    def __init__(self, rows, label, value):
        self.rows = [(str(label(row)), value(row)) for row in rows]

    def _repr_svg_(self):
        widest = max(abs(value) for _, value in self.rows) or 1
        parts = []
        for index, (label, value) in enumerate(self.rows):
            y, width = index * 28, abs(value) / widest * 260
            color = "#00697a" if value >= 0 else "#b3261e"
            parts.append(f'<text x="130" y="{y + 19}" text-anchor="end">{escape(label)}</text>')
            parts.append(f'<rect x="140" y="{y + 4}" width="{width:.0f}" height="20" rx="3" fill="{color}"/>')
            parts.append(f'<text x="{146 + width:.0f}" y="{y + 19}">{value}</text>')
        style = 'font-family="sans-serif" font-size="14"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" width="460" height="{len(self.rows) * 28}" {style}>{"".join(parts)}</svg>'


if __name__ == "__main__":
    from IPython.display import display

    display(Bars(read("degrees.csv"), lambda row: f"{row['city']}, {row['month']}", lambda row: row["degrees"]))
    print("The chart is in the output panel.")
`;

const cells = [
  [
    'markdown',
    'intro',
    '# Degrees\n\nA notebook whose Python runs in this tab. **Shift+Enter** runs a cell and goes on; **Escape** leaves the text, **Enter** goes back in.',
  ],
  [
    'code',
    'read',
    'import sys\nfrom chart import Bars, read\n\nrows = read("degrees.csv")\nprint(f"{len(rows)} rows, Python {sys.version.split()[0]}")',
  ],
  ['code', 'bars', 'Bars(rows, lambda row: f"{row[\'city\']}, {row[\'month\']}", lambda row: row["degrees"])'],
  ['markdown', 'mean', '## Means\n\nAn object with `_repr_html_` is shown as HTML.'],
  [
    'code',
    'table',
    'from statistics import mean\nfrom IPython.display import HTML\n\ncities = sorted({row["city"] for row in rows})\nmeans = {city: mean(row["degrees"] for row in rows if row["city"] == city) for city in cities}\nHTML("<table><tr><th>City<th>Mean</tr>" + "".join(f"<tr><td>{city}<td>{value:.1f}</tr>" for city, value in means.items()) + "</table>")',
  ],
  ['code', 'shell', '!wc -l degrees.csv'],
] as const;

const lines = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
const notebook = {
  cells: cells.map(([type, id, source]) => ({
    cell_type: type,
    ...(type === 'code' ? { execution_count: null } : {}),
    id,
    metadata: {},
    ...(type === 'code' ? { outputs: [] } : {}),
    source: lines(source),
  })),
  metadata: { kernelspec: { display_name: 'Python 3', language: 'python', name: 'python3' }, language_info: { name: 'python' } },
  nbformat: 4,
  nbformat_minor: 5,
};

export const pythonNotebook: Template = {
  id: 'notebook',
  title: 'Python notebook',
  summary: 'Cells, tables and charts; nothing to install.',
  files: { 'degrees.ipynb': `${JSON.stringify(notebook, null, 1)}\n`, 'degrees.csv': data, 'chart.py': chart },
  open: 'degrees.ipynb',
  servesNothing: true,
  steps: ['python3 chart.py'],
};
