using Espalier.Data.Catalog;
using Espalier.Errors;

namespace Espalier.Data.Images;

/// <summary>Images sorted into one folder per class: <c>folder/class/name.png</c>, or deeper; every format of <see cref="ImageFile.Extensions"/>.</summary>
public static class ImageFolder
{
    /// <summary>Reads the images.</summary>
    /// <param name="folder">The folder; its subfolders, in ordinal order, are the classes.</param>
    /// <param name="options">Size and channels; the defaults where null.</param>
    /// <returns>Inputs [n, 3 or 1, height, width], held as bytes, scaled to [0, 1]; ordered by class, then by name.</returns>
    /// <exception cref="DataException">No folder, fewer than two classes, an empty class, a file that is no image, or images of several sizes.</exception>
    /// <exception cref="OptionsException">An option is out of range.</exception>
    public static Dataset Read(string folder, ImageFolderOptions? options = null)
        => Read(folder, options ?? new(), (_, _) => { }, out _);

    internal static Dataset Read(string folder, ImageFolderOptions options, Action<string, byte[]> seen, out int leftOut)
    {
        leftOut = 0;
        options.Validate();
        if (!Directory.Exists(folder))
            throw new DataException(folder, "there is no such folder", "give a folder with one subfolder per class");
        string[] classes = [.. Directory.GetDirectories(folder).Select(d => Path.GetFileName(d)).Where(n => n[0] != '.').Order(StringComparer.Ordinal)];
        if (classes.Length < 2)
            throw new DataException(folder, $"has {classes.Length} class folders", "give one subfolder per class, at least two");
        var stack = new ImageStack(options);
        for (int label = 0; label < classes.Length; label++)
        {
            int before = stack.Count;
            IReadOnlyList<string> pictures = FolderFiles.Pictures(Path.Combine(folder, classes[label]), out int others);
            leftOut += others;
            foreach (string file in pictures)
            {
                byte[] content = DatasetFile.ReadAll(file);
                seen(Path.GetRelativePath(folder, file), content);
                stack.Add(content, file, label);
            }

            if (stack.Count == before)
                throw new DataException(Path.Combine(folder, classes[label]), "holds no picture", $"add some ({string.Join(", ", ImageFile.Extensions)}) or remove the folder");
        }

        return stack.ToDataset(Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)), classes);
    }
}
