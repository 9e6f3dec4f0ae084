using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PipeServer.Platform;

namespace PipeServer.StaticFiles;

/// <summary>
/// Basic authentication (RFC 7617) by a file of <c>user:hash</c> lines. A wrong password and an unknown user take the same time.
/// Credentials that were right once are recognised without computing the hash again: its cost is meant for those that guess.
/// </summary>
internal sealed class BasicAuthentication
{
    // With more users than this at once, a hash is computed again now and then.
    private const int MaxRemembered = 4096;

    // The most requests that wait for their turn. A client that guesses by the thousand is told to come back later, and
    // costs one core at most.
    private const int MaxChecking = 16;

    // RFC 7617 sets no limit, but nobody types a password of this length.
    private const int MaxCredentialBytes = 1024;

    private readonly Dictionary<string, string> _hashes = new(StringComparer.Ordinal);
    private readonly string _anybody; // a hash of the same cost, for users that do not exist
    private readonly byte[] _key;
    private readonly Checks _checks;
    private readonly List<string> _users = [];
    private readonly ConcurrentDictionary<(ulong, ulong, ulong, ulong), int> _remembered = new(); // whose: a place in the list

    /// <summary>Reads the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="before">
    /// What was in force so far, or null. Its passwords that were right stay so for users whose hash is the same: else each reload would have all of
    /// them checked again, one after the other, while further ones are turned away.
    /// </param>
    /// <exception cref="ArgumentException">A line is malformed or has a hash of another kind; the message has its number.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public BasicAuthentication(string path, BasicAuthentication? before = null)
    {
        var number = 0;
        foreach (var line in ReadLines(path))
        {
            number++;
            var text = line.Trim();
            if (text.Length == 0 || text.StartsWith('#'))
            {
                continue;
            }

            var colon = text.IndexOf(':', StringComparison.Ordinal);
            var hash = text[(colon + 1)..];
            if (colon <= 0 || !IsKnown(hash) || !_hashes.TryAdd(text[..colon], hash))
            {
                throw new ArgumentException(
                    $"{nameof(StaticFileOptions.AuthFile)}: line {number} of '{path}' must be a new user, a colon, and a hash of bcrypt ($2b$, $2y$) "
                    + "or SHA-512-crypt ($6$). Make one with: openssl passwd -6");
            }
        }

        _anybody = _hashes.Values.MaxBy(Cost)
            ?? throw new ArgumentException(
                $"{nameof(StaticFileOptions.AuthFile)}: '{path}' has no user. A line is user:hash; make a hash with: openssl passwd -6");
        try
        {
            if (_hashes.Values.FirstOrDefault(static hash => Crypt.Hash([], Setting(hash)) is null) is { } unknown)
            {
                throw new ArgumentException(
                    $"{nameof(StaticFileOptions.AuthFile)}: the system's crypt(3) does not know the kind of hash "
                    + $"'{unknown[..Math.Min(4, unknown.Length)]}…' in '{path}'.");
            }
        }
        catch (DllNotFoundException exception)
        {
            throw new ArgumentException(
                $"{nameof(StaticFileOptions.AuthFile)}: the system has no crypt(3), which checks the passwords. Install libcrypt (Debian: libcrypt1).",
                exception);
        }

        _users.AddRange(_hashes.Keys);
        _checks = before?._checks ?? new Checks();
        _key = before?._key ?? RandomNumbers.Bytes(32);
        if (before is not null)
        {
            Remember(before);
        }
    }

    /// <summary>Whether the same users are let in with the same passwords; null lets in everybody.</summary>
    public static bool HaveSameUsers(BasicAuthentication? left, BasicAuthentication? right) => left is null || right is null
        ? left == right
        : left._hashes.Count == right._hashes.Count
            && left._users.TrueForAll(user => right._hashes.TryGetValue(user, out var hash) && hash == left._hashes[user]);

    /// <summary>Whether the request's credentials are known to be right. Cheap: never computes a password's hash.</summary>
    public bool IsRemembered(HttpRequest request) =>
        request.Headers.CountOf("Authorization"u8) == 1
        && request.Headers.TryGetBytes("Authorization"u8, out var field)
        && field.Length <= MaxCredentialBytes
        && _remembered.ContainsKey(Fingerprint(field));

    /// <summary>
    /// Whether the request's credentials are right; null when too many others are waiting to be checked. Computes one hash at a time, which
    /// may take a good part of a second; a request that waits for that holds no thread.
    /// </summary>
    public async ValueTask<bool?> IsAuthorizedAsync(HttpRequest request)
    {
        if (request.Headers["Authorization"] is not { Length: <= MaxCredentialBytes } field || !TryParse(field, out var user, out var password))
        {
            return false;
        }

        if (Interlocked.Increment(ref _checks.Count) > MaxChecking)
        {
            Interlocked.Decrement(ref _checks.Count);
            return null;
        }

        try
        {
            await _checks.OneAtATime.WaitAsync(request.Aborted).ConfigureAwait(false);
            try
            {
                return IsRemembered(request) || Check(field, user, password);
            }
            finally
            {
                _checks.OneAtATime.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _checks.Count);
        }
    }

    private static string[] ReadLines(string path)
    {
        const string Option = nameof(StaticFileOptions.AuthFile);
        try
        {
            return File.ReadAllLines(path);
        }
        catch (IOException exception)
        {
            throw new IOException($"{Option}: {exception.Message} Name a file of user:hash lines.", exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new UnauthorizedAccessException($"{Option}: {exception.Message} Let the user of this process read it.", exception);
        }
    }

    private bool Check(string field, string user, byte[] password)
    {
        var isKnown = _hashes.TryGetValue(user, out var hash);
        hash ??= _anybody;
        var isRight = Crypt.Hash(password, hash) is { } computed
            && CryptographicOperations.FixedTimeEquals(computed, Encoding.ASCII.GetBytes(hash)) & isKnown;
        if (isRight)
        {
            if (_remembered.Count >= MaxRemembered)
            {
                _remembered.Clear();
            }

            _remembered[Fingerprint(Encoding.Latin1.GetBytes(field))] = _users.IndexOf(user);
        }

        return isRight;
    }

    private void Remember(BasicAuthentication before)
    {
        var places = new Dictionary<string, int>(_users.Count, StringComparer.Ordinal);
        for (var place = 0; place < _users.Count; place++)
        {
            places.Add(_users[place], place);
        }

        foreach (var (fingerprint, place) in before._remembered)
        {
            var user = before._users[place];
            if (_hashes.GetValueOrDefault(user) == before._hashes[user])
            {
                _remembered[fingerprint] = places[user];
            }
        }
    }

    // credentials = "Basic" 1*SP token68, which is base64 of user ":" password.
    private static bool TryParse(string field, out string user, out byte[] password)
    {
        (user, password) = ("", []);
        const string Scheme = "Basic ";
        if (!field.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        try
        {
            var decoded = Convert.FromBase64String(field[Scheme.Length..].Trim(' '));
            var colon = decoded.AsSpan().IndexOf((byte)':');
            if (colon < 0 || decoded.AsSpan().Contains((byte)0))
            {
                return false;
            }

            user = Encoding.UTF8.GetString(decoded, 0, colon);
            password = decoded[(colon + 1)..];
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static bool IsKnown(string hash) =>
        Ascii.IsValid(hash)
        && ((hash.StartsWith("$6$", StringComparison.Ordinal) && hash.LastIndexOf('$') > 3)
            || ((hash.StartsWith("$2b$", StringComparison.Ordinal) || hash.StartsWith("$2y$", StringComparison.Ordinal)
                || hash.StartsWith("$2a$", StringComparison.Ordinal)) && hash.Length == 60 && char.IsAsciiDigit(hash[4]) && char.IsAsciiDigit(hash[5])));

    // Roughly, in microseconds. An unknown user is checked against the most expensive hash, so that the time does not tell that
    // there is no such user.
    private static double Cost(string hash)
    {
        const int SixtyPerRound = 60;
        if (!hash.StartsWith("$6$", StringComparison.Ordinal))
        {
            return SixtyPerRound * Math.Pow(2, int.Parse(hash.AsSpan(4, 2), CultureInfo.InvariantCulture));
        }

        const string Rounds = "$6$rounds=";
        var end = hash.IndexOf('$', 3);
        return hash.StartsWith(Rounds, StringComparison.Ordinal)
            && int.TryParse(hash.AsSpan(Rounds.Length, end - Rounds.Length), CultureInfo.InvariantCulture, out var rounds)
            ? rounds / 2.0
            : 2500;
    }

    // For the check at the start that the system knows the method: the method at its lowest cost.
    private static string Setting(string hash) =>
        hash.StartsWith("$6$", StringComparison.Ordinal) ? "$6$rounds=1000$salt$" : string.Concat(hash.AsSpan(0, 4), "04", hash.AsSpan(6));

    // Keyed: without the key beside it, the value in memory is of no use for guessing cheaply, and nobody outside can
    // choose values that collide.
    private (ulong, ulong, ulong, ulong) Fingerprint(ReadOnlySpan<byte> field)
    {
        Span<byte> hash = stackalloc byte[Sha256.HashBytes];
        Sha256.Hmac(_key, field, hash);
        return (BitConverter.ToUInt64(hash), BitConverter.ToUInt64(hash[8..]), BitConverter.ToUInt64(hash[16..]), BitConverter.ToUInt64(hash[24..]));
    }

    // Of all objects that have taken each other's place: however often the file is read again, one hash is computed at a time.
#pragma warning disable CA1001 // A semaphore without a wait handle holds nothing.
    private sealed class Checks
#pragma warning restore CA1001
    {
        public readonly SemaphoreSlim OneAtATime = new(1);
        public int Count;
    }
}
