// Tools for files, over wasi-libc: what each does is in `usage`. Run it without arguments to read that.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int failures = 0;

static void complain(const char *path) {
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    failures++;
}

static char *join(const char *folder, const char *name) {
    size_t length = strlen(folder) + strlen(name) + 2;
    char *path = malloc(length);
    snprintf(path, length, "%s/%s", folder, name);
    return path;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int real_entry(const struct dirent *entry) {
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

// Calls a function for each entry of a directory, in the order of their names.
static void each(const char *folder, void (*visit)(const char *path, void *context), void *context) {
    struct dirent **entries;
    int count = scandir(folder, &entries, real_entry, by_name);
    if (count < 0) {
        complain(folder);
        return;
    }
    for (int i = 0; i < count; i++) {
        char *path = join(folder, entries[i]->d_name);
        visit(path, context);
        free(path);
        free(entries[i]);
    }
    free(entries);
}

static void cat(const char *path) {
    char buffer[1000];
    size_t length;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        complain(path);
        return;
    }
    while ((length = fread(buffer, 1, sizeof buffer, file)) > 0) fwrite(buffer, 1, length, stdout);
    if (ferror(file)) complain(path);
    fclose(file);
}

static void copy_file(const char *from, const char *to) {
    static char buffer[70000];
    ssize_t length;
    int source = open(from, O_RDONLY);
    int target = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (source < 0 || target < 0) {
        complain(source < 0 ? from : to);
    } else {
        while ((length = read(source, buffer, sizeof buffer)) > 0) {
            for (ssize_t done = 0; done < length;) {
                ssize_t written = write(target, buffer + done, length - done);
                if (written < 0) {
                    complain(to);
                    length = -1;
                    break;
                }
                done += written;
            }
            if (length < 0) break;
        }
        struct stat stat;
        if (fstat(source, &stat) == 0) {
            struct timespec times[2] = {stat.st_atim, stat.st_mtim};
            if (futimens(target, times) != 0) complain(to);
        }
    }
    if (source >= 0) close(source);
    if (target >= 0) close(target);
}

static void copy(const char *from, const char *to);

static void copy_into(const char *path, void *context) {
    char *to = join(context, strrchr(path, '/') + 1);
    copy(path, to);
    free(to);
}

static void copy(const char *from, const char *to) {
    struct stat stat;
    if (lstat(from, &stat) != 0) {
        complain(from);
    } else if (S_ISDIR(stat.st_mode)) {
        if (mkdir(to, 0777) != 0) complain(to);
        else each(from, copy_into, (void *)to);
    } else if (S_ISLNK(stat.st_mode)) {
        char text[1024];
        ssize_t length = readlink(from, text, sizeof text - 1);
        if (length >= 0) text[length] = 0;
        if (length < 0 || symlink(text, to) != 0) complain(to);
    } else {
        copy_file(from, to);
    }
}

// The kind, the size, and the path of everything below.
static void list(const char *path, void *context) {
    struct stat stat;
    if (lstat(path, &stat) != 0) {
        complain(path);
        return;
    }
    if (S_ISDIR(stat.st_mode)) {
        printf("directory %s\n", path);
        each(path, list, context);
    } else if (S_ISLNK(stat.st_mode)) {
        char text[1024];
        ssize_t length = readlink(path, text, sizeof text);
        if (length < 0) complain(path);
        else printf("link %s -> %.*s\n", path, (int)length, text);
    } else {
        printf("file %s %lld\n", path, (long long)stat.st_size);
    }
}

// The lines that contain a text.
static void search(const char *path, void *text) {
    struct stat stat;
    if (lstat(path, &stat) != 0) {
        complain(path);
    } else if (S_ISDIR(stat.st_mode)) {
        each(path, search, text);
    } else if (S_ISREG(stat.st_mode)) {
        FILE *file = fopen(path, "r");
        char *line = NULL;
        size_t room = 0;
        if (file == NULL) {
            complain(path);
            return;
        }
        for (int number = 1; getline(&line, &room, file) >= 0; number++)
            if (strstr(line, text) != NULL) printf("%s:%d:%s%s", path, number, line, strchr(line, '\n') ? "" : "\n");
        free(line);
        fclose(file);
    }
}

static void remove_all(const char *path, void *context) {
    struct stat stat;
    if (lstat(path, &stat) != 0) {
        complain(path);
    } else if (S_ISDIR(stat.st_mode)) {
        each(path, remove_all, context);
        if (rmdir(path) != 0) complain(path);
    } else if (unlink(path) != 0) {
        complain(path);
    }
}

// Writes the lines of a file in the opposite order, through positions in it.
static void backwards(const char *path) {
    int file = open(path, O_RDONLY);
    if (file < 0) {
        complain(path);
        return;
    }
    off_t end = lseek(file, 0, SEEK_END);
    for (off_t at = end - 1; at >= 0; at--) {
        char letter;
        if (at > 0 && (pread(file, &letter, 1, at - 1) != 1 || letter != '\n')) continue;
        for (off_t i = at; i < end; i++) {
            if (lseek(file, i, SEEK_SET) != i || read(file, &letter, 1) != 1) complain(path);
            putchar(letter);
        }
        end = at;
    }
    close(file);
}

// Makes sure that there is room for a file.
static void reserve(const char *path, off_t length) {
    int file = open(path, O_RDWR | O_CREAT, 0666);
    if (file < 0 || (errno = posix_fallocate(file, 0, length)) != 0) complain(path);
    if (file >= 0) close(file);
}

static int usage(void) {
    puts("file_tools cat FILE...        prints files");
    puts("           cp FROM TO         copies a file, a link, or a tree; of files the times too");
    puts("           ls FOLDER          lists a tree");
    puts("           grep TEXT FOLDER   prints the lines of a tree that contain a text");
    puts("           mv FROM TO         renames");
    puts("           rm PATH            removes a tree");
    puts("           append FILE TEXT   appends a line");
    puts("           tac FILE           prints the lines of a file from the last to the first");
    puts("           room FILE LENGTH   makes a file so long, with room on the disk");
    return 0;
}

int main(int count, char **arguments) {
    const char *tool = count > 1 ? arguments[1] : "";
    if (strcmp(tool, "cat") == 0) {
        for (int i = 2; i < count; i++) cat(arguments[i]);
    } else if (strcmp(tool, "cp") == 0 && count == 4) {
        copy(arguments[2], arguments[3]);
    } else if (strcmp(tool, "ls") == 0 && count == 3) {
        list(arguments[2], NULL);
    } else if (strcmp(tool, "grep") == 0 && count == 4) {
        search(arguments[3], arguments[2]);
    } else if (strcmp(tool, "mv") == 0 && count == 4) {
        if (rename(arguments[2], arguments[3]) != 0) complain(arguments[2]);
    } else if (strcmp(tool, "rm") == 0 && count == 3) {
        remove_all(arguments[2], NULL);
    } else if (strcmp(tool, "append") == 0 && count == 4) {
        FILE *file = fopen(arguments[2], "a");
        if (file == NULL) complain(arguments[2]);
        else if (fprintf(file, "%s\n", arguments[3]) < 0 || fclose(file) != 0) complain(arguments[2]);
    } else if (strcmp(tool, "tac") == 0 && count == 3) {
        backwards(arguments[2]);
    } else if (strcmp(tool, "room") == 0 && count == 4) {
        reserve(arguments[2], atoll(arguments[3]));
    } else {
        return usage();
    }
    return failures > 0;
}
