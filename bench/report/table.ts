// Tables as aligned text. Cells that deserve a look have a mark, and colour on a terminal.
import { styleText } from 'node:util';

export interface Cell {
  readonly text: string;
  /** `bad`: misses what the bench is to reach. */
  readonly tone?: 'bad' | 'good' | 'quiet';
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | Cell)[])[];
  /** Lines below the table: what to reach, how to read it. */
  readonly notes: readonly string[];
}

const colours = { bad: 'red', good: 'green', quiet: 'gray' } as const;

export function formatTable(table: Table, coloured: boolean): string {
  const paint = (cell: Cell, text: string) =>
    coloured && cell.tone !== undefined ? styleText(colours[cell.tone], text) : text;
  const rows = table.rows.map((row) => row.map(toCell));
  const widths = table.columns.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.text.length ?? 0)),
  );
  const align = (text: string, column: number) => {
    const width = widths[column] ?? 0;
    return isNumeric(rows, column) ? text.padStart(width) : text.padEnd(width);
  };
  const head = table.columns.map(align).join('  ').trimEnd();
  const body = rows.map((row) =>
    row
      .map((cell, column) => paint(cell, align(cell.text, column)))
      .join('  ')
      .trimEnd(),
  );
  const title = coloured ? styleText('bold', table.title) : table.title;
  return [title, head, '-'.repeat(head.length), ...body, ...table.notes, ''].join('\n');
}

const NUMERIC = /^([▼▽] )?-?[\d.]+( [kM%])?$|^–$/;

/** Columns of numbers align to the right. */
function isNumeric(rows: readonly (readonly Cell[])[], column: number): boolean {
  return rows.every((row) => NUMERIC.test(row[column]?.text ?? ''));
}

function toCell(cell: string | Cell): Cell {
  return typeof cell === 'string' ? { text: cell } : cell;
}
