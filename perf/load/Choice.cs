using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>What the command line names of a table.</summary>
internal static class Choice
{
    /// <summary>The rows of these names, in the table's order; the usual ones where none is named.</summary>
    /// <param name="all">The table.</param>
    /// <param name="names">The names; empty for the usual rows.</param>
    /// <param name="with">Names of rows beside them.</param>
    /// <param name="name">A row's name.</param>
    /// <param name="isUsual">Takes part without being named.</param>
    /// <param name="option">The option, for the message.</param>
    /// <exception cref="MeasurementException">There is no row of a name; the message has all names.</exception>
    public static List<T> Of<T>(IReadOnlyList<T> all, string[] names, string[] with, Func<T, string> name, Func<T, bool> isUsual, string option)
    {
        var unknown = names.Concat(with).FirstOrDefault(wanted => all.All(item => name(item) != wanted));
        return unknown is null
            ? [.. all.Where(item => with.Contains(name(item)) || (names.Length == 0 ? isUsual(item) : names.Contains(name(item))))]
            : throw new MeasurementException($"{option}: there is no '{unknown}'. There are: {string.Join(", ", all.Select(name))}.");
    }
}
