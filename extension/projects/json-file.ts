import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { ProjectError } from './project.ts';

/**
 * Reads a JSON file of a shape.
 * @throws ProjectError that names the file and what is wrong in it
 */
export async function readJson<Shape extends v.GenericSchema>(
  path: string,
  shape: Shape,
): Promise<v.InferOutput<Shape>> {
  try {
    return v.parse(shape, JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (v.isValiError(error)) {
      const [issue] = error.issues;
      const where = v.getDotPath(issue);
      throw new ProjectError(`${path}: ${where === null ? '' : `${where}: `}${issue.message}`, undefined, {
        cause: error,
      });
    }
    throw new ProjectError(`${path}: ${error instanceof Error ? error.message : error}`, undefined, {
      cause: error,
    });
  }
}
