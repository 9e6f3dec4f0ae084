using Microsoft.Extensions.Configuration;

namespace PipeServer.Hosting.Configuration;

/// <summary>The options of a class that a configuration can set, by their names, whose case does not count.</summary>
/// <param name="owner">The name of the class, for messages.</param>
internal sealed class OptionTable<T>(string owner)
    where T : class
{
    private readonly Dictionary<string, Action<T, IConfigurationSection, List<string>>> _options = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>An option that is one text.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="read">Reads the text; what it throws is told.</param>
    /// <param name="set">Sets the value.</param>
    public OptionTable<T> Value<TValue>(string name, Func<string, TValue> read, Action<T, TValue> set)
    {
        _options.Add(name, (options, section, _) => set(options, read(section.Value ?? throw new FormatException("it must be one value, not an object."))));
        return this;
    }

    /// <summary>An option that is a list.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="read">Reads an item, and tells what is wrong in it, by an exception or in the list.</param>
    /// <param name="set">Sets the list, in place of what was there.</param>
    public OptionTable<T> List<TItem>(string name, Func<IConfigurationSection, List<string>, TItem?> read, Action<T, List<TItem>> set)
        where TItem : class
    {
        _options.Add(name, (options, section, problems) =>
        {
            if (!string.IsNullOrEmpty(section.Value))
            {
                throw new FormatException("it must be a list.");
            }

            var items = new List<TItem>();
            foreach (var item in section.GetChildren())
            {
                Try(item, problems, () => items.Add((IsNull(item) ? null : read(item, problems)) ?? throw new FormatException("null; leave it out instead.")));
            }

            set(options, items);
        });
        return this;
    }

    /// <summary>An option that is an object.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="bind">Reads it; returns what is wrong in it.</param>
    public OptionTable<T> Section(string name, Func<T, IConfigurationSection, IReadOnlyList<string>> bind)
    {
        _options.Add(name, (options, section, problems) =>
        {
            if (!string.IsNullOrEmpty(section.Value))
            {
                throw new FormatException("it must be an object.");
            }

            problems.AddRange(bind(options, section));
        });
        return this;
    }

    /// <summary>Options that are objects of the program.</summary>
    public OptionTable<T> InCode(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            _options.Add(name, (_, _, _) => throw new FormatException($"it is an object of the program. Set {owner}.{name} in code."));
        }

        return this;
    }

    /// <summary>Options that somebody else reads.</summary>
    public OptionTable<T> Elsewhere(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            _options.Add(name, static (_, _, _) => { });
        }

        return this;
    }

    /// <summary>Sets what the section names. Null, as JSON has it, leaves an option at its default.</summary>
    /// <returns>What is wrong, each with its place.</returns>
    public IReadOnlyList<string> Bind(T options, IConfiguration section)
    {
        var problems = new List<string>();
        foreach (var child in section.GetChildren().Where(static child => !IsNull(child)))
        {
            if (_options.TryGetValue(child.Key, out var bind))
            {
                Try(child, problems, () => bind(options, child, problems));
            }
            else
            {
                problems.Add($"{child.Path}: {owner} has no option of that name. Correct it, or leave it out.");
            }
        }

        return problems;
    }

    private static bool IsNull(IConfigurationSection section) => section.Value is null && !section.GetChildren().Any();

    private static void Try(IConfigurationSection section, List<string> problems, Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or OverflowException)
        {
            problems.Add($"{section.Path}: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }
}
