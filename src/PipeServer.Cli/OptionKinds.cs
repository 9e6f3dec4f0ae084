using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using PipeServer.Cli.AccessLog;
using PipeServer.Cli.Admin;
using PipeServer.Http;

namespace PipeServer.Cli;

/// <summary>The kinds of values that options take, each with its rule and the message for a value that breaks it.</summary>
internal static class OptionKinds
{
    /// <summary>True when it is named.</summary>
    public static Option<bool> Flag(string name, string description, params string[] aliases) => new(name, aliases) { Description = description };

    /// <summary>A number of a range.</summary>
    public static Option<T> Number<T>(string name, string description, T standard, T lowest, T highest, params string[] aliases)
        where T : struct, IComparable<T>, IParsable<T>
    {
        var option = new Option<T>(name, aliases)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => standard,
        };
        var kind = typeof(T) == typeof(double) ? "" : "a whole number ";
        option.Validators.Add(result =>
        {
            // Not GetValue: in a validator it throws for a text that is not a number.
            if (result.Tokens is [var token]
                && (token.Value.Contains(',', StringComparison.Ordinal) // a decimal comma would be taken for a thousands separator
                    || !T.TryParse(token.Value, CultureInfo.InvariantCulture, out var value)
                    || value.CompareTo(lowest) < 0
                    || value.CompareTo(highest) > 0))
            {
                result.AddError(string.Create(
                    CultureInfo.InvariantCulture, $"{name} must be {kind}from {lowest} to {highest}; '{token.Value}' is not."));
            }
        });
        return option;
    }

    /// <summary>A duration in seconds.</summary>
    public static Option<double> Seconds(string name, string description, TimeSpan standard, bool mayBeZero = false)
    {
        // A million seconds is eleven days: more is a mistake.
        var option = Number(name, description, standard.TotalSeconds, mayBeZero ? 0 : 0.001, 1e6);
        option.HelpName = "SECONDS";
        return option;
    }

    /// <summary>A whole number from 1 on, or none.</summary>
    public static Option<int?> Count(string name, string description)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token]
                && (!int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count < 1))
            {
                result.AddError($"{name} must be a whole number from 1 on; '{token.Value}' is not.");
            }
        });
        return option;
    }

    /// <summary>One of a few words, the first of which is the default.</summary>
    public static Option<string> Choice(string name, string what, string description, params string[] choices)
    {
        var option = new Option<string>(name)
        {
            Description = description,
            HelpName = what,
            DefaultValueFactory = _ => choices[0],
        };
        option.CompletionSources.Add(choices);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !choices.Contains(token.Value, StringComparer.Ordinal))
            {
                result.AddError(
                    $"{name} must be {string.Join(", ", choices[..^1])} or {choices[^1]}; '{token.Value}' is not."
                    + Suggestion.For(token.Value, choices));
            }
        });
        return option;
    }

    /// <summary>A text that is not empty, or none.</summary>
    /// <param name="name">The option's name.</param>
    /// <param name="what">What it takes, in the help.</param>
    /// <param name="description">The option's help.</param>
    /// <param name="mayGoWithout">
    /// The option may be given without its value, which means something else than leaving the option out.
    /// </param>
    public static Option<string?> Text(string name, string what, string description, bool mayGoWithout = false)
    {
        var option = new Option<string?>(name)
        {
            Description = description,
            HelpName = what,
            Arity = mayGoWithout ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
        };
        MustNotBeEmpty(option);
        return option;
    }

    /// <summary>Texts that are not empty: the option may be repeated.</summary>
    public static Option<string[]> Several(string name, string what, string description, params string[] standard)
    {
        var option = new Option<string[]>(name)
        {
            Description = description,
            HelpName = what,
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            DefaultValueFactory = _ => standard,
        };
        MustNotBeEmpty(option);
        return option;
    }

    /// <summary>Pairs of a name and a value: the option may be repeated.</summary>
    public static Option<string[]> Pairs(string name, string what, string description, char separator, string example)
    {
        var option = Several(name, what, description);
        option.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(token => token.Value.IndexOf(separator, StringComparison.Ordinal) <= 0) is { } token)
            {
                result.AddError($"{name} must be like {example}; '{token.Value}' is not.");
            }
        });
        return option;
    }

    /// <summary>The value of Cache-Control, or seconds for its max-age.</summary>
    public static Option<string?> CacheControl(string name, string description)
    {
        var option = Text(name, "VALUE", description);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: { Length: > 0 } value }]
                && (!value.All(static c => c is >= ' ' and <= '~')
                    || (value.All(char.IsAsciiDigit) && !int.TryParse(value, CultureInfo.InvariantCulture, out _))))
            {
                result.AddError($"{name} must be seconds up to {int.MaxValue}, or a value like no-cache; '{value}' is not.");
            }
        });
        return option;
    }

    /// <summary>The value of the Server field, or a word for it.</summary>
    public static Option<string> ServerHeader(string name, string description)
    {
        var option = new Option<string>(name) { Description = description, HelpName = "VALUE", DefaultValueFactory = static _ => ServerFields.Default.Server };
        option.CompletionSources.Add("version", "none");
        MustNotBeEmpty(option);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !ServerFields.IsServer(token.Value))
            {
                result.AddError(
                    $"{name} must be version, none, or at most {ServerFields.MaxServerBytes} characters of visible ASCII; '{token.Value}' is not.");
            }
        });
        return option;
    }

    /// <summary>The form of the access log's lines.</summary>
    public static Option<string> AccessFormat(string name, string description)
    {
        var option = new Option<string>(name) { Description = description, HelpName = "FORM", DefaultValueFactory = static _ => "combined" };
        option.CompletionSources.Add("common", "combined", "json");
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && AccessLogFormat.TryParse(token.Value, out _) is { } problem)
            {
                result.AddError($"{name}: {problem}.");
            }
        });
        return option;
    }

    /// <summary>An IP address, or the path of a unix socket.</summary>
    public static Option<ListenAddress> Address(string name, string description, IPAddress standard, params string[] aliases) => new(name, aliases)
    {
        Description = description,
        HelpName = "IP",
        CustomParser = result => ParseAddress(name, result, standard),
        DefaultValueFactory = _ => new ListenAddress(standard, UnixSocketPath: null),
    };

    /// <summary>Places to listen at, with options of their own: the option may be repeated.</summary>
    public static Option<string[]> Endpoints(string name, string description)
    {
        var option = Several(name, "PLACE", description);
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(static token => token.Value.Length > 0))
            {
                try
                {
                    _ = HttpEndpoint.Parse(PassedSocket.WithNumber(token.Value, PassedSocket.FirstDescriptor));
                }
                catch (FormatException exception)
                {
                    result.AddError($"{name}: {exception.Message}");
                }
            }
        });
        return option;
    }

    /// <summary>Where the admin side listens, or none.</summary>
    public static Option<string?> AdminPlace(string name, string description)
    {
        var option = Text(name, "PLACE", description);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: { Length: > 0 } value }] && AdminAddress.TryParse(value, out _) is { } problem)
            {
                result.AddError($"{name}: '{value}' is no place for the admin side: {problem}.");
            }
        });
        return option;
    }

    /// <summary>Peers that are trusted: the option may be repeated.</summary>
    public static Option<string[]> Proxies(string name, string description)
    {
        var option = Several(name, "CIDR|unix", description);
        option.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(static token => token.Value.Length > 0 && !TrustedProxy.TryParse(token.Value, null, out _)) is { } token)
            {
                result.AddError($"{name} must be a network like 10.0.0.0/8, an address, or unix; '{token.Value}' is not.");
            }
        });
        return option;
    }

    /// <summary>The permissions of a file in octal, as chmod(1) takes them, or none.</summary>
    public static Option<string?> Mode(string name, string description)
    {
        var option = Text(name, "OCTAL", description);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: { Length: > 0 } value }] && !HttpEndpointText.TryReadMode(value, out _))
            {
                result.AddError($"{name} must be octal, from 0 to 777, like 660; '{value}' is not.");
            }
        });
        return option;
    }

    /// <summary>A rate of requests, or none.</summary>
    public static Option<string?> Rate(string name, string description)
    {
        var option = Text(name, "N/s[:BURST]", description);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: { Length: > 0 } value }] && !RateLimit.TryParse(value, null, out _))
            {
                result.AddError($"{name}: '{value}' is not a rate: it must be {RateLimit.Form}.");
            }
        });
        return option;
    }

    /// <summary>The ports of a redirect to https, or none.</summary>
    public static Option<string?> Redirect(string name, string description)
    {
        var option = Text(name, "PORT", description, mayGoWithout: true);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: { Length: > 0 } value }] && value != "false" && !RedirectPorts.TryParse(value, out _))
            {
                result.AddError(
                    $"{name} must be a port, or two like 8080:443, the second as clients name it; '{value}' is not. A folder to serve is named before it.");
            }
        });
        return option;
    }

    /// <summary>A policy of strict transport security, or none.</summary>
    public static Option<string?> StrictTransport(string name, string description)
    {
        var option = Text(name, "SECONDS", description, mayGoWithout: true);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: { Length: > 0 } value }] && value != "false" && !StrictTransportSecurity.TryParse(value, null, out _))
            {
                result.AddError($"{name} must be {StrictTransportSecurity.Form}; '{value}' is not. A folder to serve is named before it.");
            }
        });
        return option;
    }

    /// <summary>The lowest level that is logged.</summary>
    public static Option<LogLevel> Level(string name, LogLevel standard)
    {
        string[] names = ["trace", "debug", "information", "warning", "error", "critical", "none"];
        var list = string.Join(", ", names[..^1]) + " or " + names[^1];
        var option = new Option<LogLevel>(name)
        {
            Description = list + ".",
            HelpName = "LEVEL",
            CustomParser = result =>
            {
                var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
                if (text.All(char.IsAsciiLetter) && Enum.TryParse<LogLevel>(text, ignoreCase: true, out var level))
                {
                    return level;
                }

                result.AddError($"{name} must be {list}; '{text}' is not.");
                return standard;
            },
            DefaultValueFactory = _ => standard,
        };
        option.CompletionSources.Add(names);
        return option;
    }

    /// <summary>
    /// A value with the paths in it made absolute, by its option's kind: a PATH, and what stands behind <c>unix:</c> in an address or a place.
    /// </summary>
    /// <param name="option">What the value is of.</param>
    /// <param name="value">The value; absolute paths, <c>-</c> and abstract names (<c>unix:@name</c>) stay.</param>
    /// <param name="folder">What relative paths in it are relative to.</param>
    public static string Resolve(Option option, string value, string folder)
    {
        const string Unix = "unix:";
        return option.HelpName switch
        {
            "PATH" when value is not ("" or "-") => Path.GetFullPath(value, folder),
            "IP" or "PLACE" when value.StartsWith(Unix, StringComparison.Ordinal) && value.Length > Unix.Length && value[Unix.Length] is not ('@' or ',') =>
                Unix + Path.GetFullPath(value[Unix.Length..], folder),
            _ => value,
        };
    }

    private static void MustNotBeEmpty(Option option) => option.Validators.Add(result =>
    {
        if (result.Tokens.Any(static token => token.Value.Length == 0))
        {
            result.AddError($"{option.Name} must not be empty.");
        }
    });

    private static ListenAddress? ParseAddress(string name, ArgumentResult result, IPAddress standard)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (text.StartsWith("unix:", StringComparison.Ordinal))
        {
            var path = text["unix:".Length..];
            try
            {
                _ = HttpEndpoint.Unix(path);
            }
            catch (ArgumentException exception)
            {
                result.AddError($"{name} {text}: {exception.Message.Split(" (Parameter")[0]}");
            }

            return new ListenAddress(standard, path);
        }

        if (!BindAddress.TryParse(text, provider: null, out var address))
        {
            result.AddError($"{name} must be an IPv4 or IPv6 address, localhost, or unix:PATH; '{text}' is not.");
            return null;
        }

        return new ListenAddress(address, UnixSocketPath: null);
    }
}
