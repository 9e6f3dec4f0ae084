using PipeServer.Packaging;

// dotnet run --project packaging/generate -c Release      writes the manual page and the completions anew, after a change of an option
var folder = args is [var named] ? named : PackagingFiles.FindFolder(Environment.CurrentDirectory);
foreach (var (path, text) in PackagingFiles.Make(folder))
{
    File.WriteAllText(Path.Combine(folder, path), text);
    Console.WriteLine(path);
}
