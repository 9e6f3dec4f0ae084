using System.Collections;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace PipeServer.AspNetCore;

/// <summary>
/// Fields by name in the order in which they were set. Few enough that a look at each is faster than a table; names of the framework are constants, which
/// compare as references. Content-Length is a number. Not thread-safe.
/// </summary>
internal abstract class HeaderStore : IHeaderDictionary
{
    private KeyValuePair<string, StringValues>[] _fields = new KeyValuePair<string, StringValues>[8];
    private int _count;
    private long? _contentLength;

    public long? ContentLength
    {
        get => _contentLength;
        set
        {
            if (value is { } length)
            {
                ArgumentOutOfRangeException.ThrowIfNegative(length, nameof(value));
            }

            Load();
            BeforeChange();
            _contentLength = value;
        }
    }

    public StringValues this[string key]
    {
        get => TryGetValue(key, out var value) ? value : StringValues.Empty;
        set
        {
            ArgumentNullException.ThrowIfNull(key);
            Load();
            BeforeChange();
            Set(key, value);
        }
    }

    StringValues IDictionary<string, StringValues>.this[string key]
    {
        get => TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"There is no field '{key}'.");
        set => this[key] = value;
    }

    public ICollection<string> Keys => [.. this.Select(static item => item.Key)];

    public ICollection<StringValues> Values => [.. this.Select(static item => item.Value)];

    public int Count
    {
        get
        {
            Load();
            return _count + (_contentLength is null ? 0 : 1);
        }
    }

    public abstract bool IsReadOnly { get; }

    /// <summary>The fields but for Content-Length.</summary>
    protected ReadOnlySpan<KeyValuePair<string, StringValues>> Fields => _fields.AsSpan(0, _count);

    public void Add(string key, StringValues value)
    {
        if (ContainsKey(key))
        {
            throw new ArgumentException($"There is a field '{key}' already.", nameof(key));
        }

        this[key] = value;
    }

    public void Add(KeyValuePair<string, StringValues> item) => Add(item.Key, item.Value);

    public void Clear()
    {
        Load();
        BeforeChange();
        Forget();
    }

    public bool Contains(KeyValuePair<string, StringValues> item) => TryGetValue(item.Key, out var value) && value.Equals(item.Value);

    public bool ContainsKey(string key) => TryGetValue(key, out _);

    public void CopyTo(KeyValuePair<string, StringValues>[] array, int arrayIndex)
    {
        ArgumentNullException.ThrowIfNull(array);
        foreach (var field in this)
        {
            array[arrayIndex++] = field;
        }
    }

    public bool Remove(string key)
    {
        Load();
        BeforeChange();
        var was = ContainsKey(key);
        Set(key, StringValues.Empty);
        return was;
    }

    public bool Remove(KeyValuePair<string, StringValues> item) => Contains(item) && Remove(item.Key);

    public virtual bool TryGetValue(string key, out StringValues value)
    {
        ArgumentNullException.ThrowIfNull(key);
        return TryGetStored(key, out value);
    }

    public IEnumerator<KeyValuePair<string, StringValues>> GetEnumerator()
    {
        Load();
        if (_contentLength is { } length)
        {
            yield return new(HeaderNames.ContentLength, Text(length));
        }

        for (var index = 0; index < _count; index++)
        {
            yield return _fields[index];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The number of Content-Length, without a look for more.</summary>
    protected long? StoredLength { get => _contentLength; set => _contentLength = value; }

    /// <summary>Throws where fields may not be changed.</summary>
    protected abstract void BeforeChange();

    /// <summary>Throws where a field may not be.</summary>
    protected abstract void Check(string key, in StringValues value);

    /// <summary>All fields are wanted: puts here what is not here yet.</summary>
    protected virtual void Load()
    {
    }

    /// <summary>What was set, without a look for more.</summary>
    protected bool TryGetStored(string key, out StringValues value)
    {
        if (IsContentLength(key))
        {
            value = _contentLength is { } length ? Text(length) : StringValues.Empty;
            return _contentLength is not null;
        }

        var index = IndexOf(key);
        value = index < 0 ? StringValues.Empty : _fields[index].Value;
        return index >= 0;
    }

    /// <summary>Puts a field behind the others; there is none of that name.</summary>
    protected void Append(string key, in StringValues value)
    {
        if (_count == _fields.Length)
        {
            Array.Resize(ref _fields, _count * 2);
        }

        _fields[_count++] = new(key, value);
    }

    /// <summary>Forgets all fields.</summary>
    protected void Forget()
    {
        Array.Clear(_fields, 0, _count);
        (_count, _contentLength) = (0, null);
    }

    protected static bool IsContentLength(string key) => ReferenceEquals(key, HeaderNames.ContentLength)
        || (key.Length == HeaderNames.ContentLength.Length && key.Equals(HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase));

    private static string Text(long length) => length.ToString(CultureInfo.InvariantCulture);

    private void Set(string key, StringValues value)
    {
        if (IsContentLength(key))
        {
            _contentLength = value.Count == 0 ? null
                : value.Count == 1 && long.TryParse(value[0], NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length
                : throw new InvalidOperationException($"Invalid Content-Length: \"{value}\". Value must be a positive integral number.");
            return;
        }

        var index = IndexOf(key);
        if (value.Count == 0)
        {
            if (index >= 0)
            {
                Array.Copy(_fields, index + 1, _fields, index, --_count - index);
                _fields[_count] = default;
            }

            return;
        }

        Check(key, value);
        if (index >= 0)
        {
            _fields[index] = new(_fields[index].Key, value);
        }
        else
        {
            Append(key, value);
        }
    }

    private int IndexOf(string key)
    {
        var fields = Fields;
        for (var index = 0; index < fields.Length; index++)
        {
            var name = fields[index].Key;
            if (ReferenceEquals(name, key) || (name.Length == key.Length && name.Equals(key, StringComparison.OrdinalIgnoreCase)))
            {
                return index;
            }
        }

        return -1;
    }
}
