using System.Reflection;
using System.Reflection.Emit;
using PipeServer.Cli;

namespace PipeServer.Tests;

/// <summary>
/// The dependency direction between the rooms (ARCHITECTURE.md), read from the compiled code: every type that a room's
/// signatures, fields and method bodies mention.
/// </summary>
public sealed class ArchitectureTests
{
    private const string Root = "PipeServer";

    // Room → what it may use of this library, beside itself.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        [Root] = ["PipeServer.Diagnostics", "PipeServer.Http", "PipeServer.Http.Hpack", "PipeServer.Routing", "PipeServer.Server", "PipeServer.Server.Http1", "PipeServer.Server.Http2", "PipeServer.Server.ProxyProtocol", "PipeServer.Server.Tls", "PipeServer.Telemetry", "PipeServer.Tls", "PipeServer.Tls.OpenSsl", "PipeServer.Tls.SslStreams", "PipeServer.Transport", "PipeServer.Transport.Epoll", "PipeServer.Transport.Sockets", "PipeServer.WebSockets", "PipeServer.Workers"],
        ["PipeServer.Diagnostics"] = [],
        ["PipeServer.Http"] = ["PipeServer.Http.Hpack"],
        ["PipeServer.Http.Frames"] = [],
        ["PipeServer.Http.Hpack"] = ["PipeServer.Http"],
        ["PipeServer.Platform"] = [],
        ["PipeServer.Routing"] = [Root, "PipeServer.Http"],
        ["PipeServer.Server"] = [Root, "PipeServer.Diagnostics", "PipeServer.Http", "PipeServer.Http.Hpack", "PipeServer.Platform", "PipeServer.Routing", "PipeServer.Tls", "PipeServer.Transport", "PipeServer.Workers"],
        ["PipeServer.Server.Http1"] = [Root, "PipeServer.Http", "PipeServer.Routing", "PipeServer.Server", "PipeServer.Transport", "PipeServer.Workers"],
        ["PipeServer.Server.Http2"] = [Root, "PipeServer.Diagnostics", "PipeServer.Http", "PipeServer.Http.Frames", "PipeServer.Http.Hpack", "PipeServer.Platform", "PipeServer.Routing", "PipeServer.Server", "PipeServer.Transport", "PipeServer.Workers"],
        ["PipeServer.Server.ProxyProtocol"] = [Root, "PipeServer.Diagnostics", "PipeServer.Server", "PipeServer.Transport"],
        ["PipeServer.Server.Tls"] = [Root, "PipeServer.Diagnostics", "PipeServer.Http", "PipeServer.Server", "PipeServer.Tls", "PipeServer.Transport", "PipeServer.Workers"],
        // Every log line of the library is in Diagnostics, so those of the files are too. Of the root it is public members only, see below.
        ["PipeServer.StaticFiles"] = [Root, "PipeServer.Diagnostics", "PipeServer.Platform"],
        ["PipeServer.Telemetry"] = [Root, "PipeServer.Http", "PipeServer.Routing", "PipeServer.Server", "PipeServer.Transport"],
        ["PipeServer.Tls"] = [Root, "PipeServer.Transport"],
        ["PipeServer.Tls.OpenSsl"] = [Root, "PipeServer.Diagnostics", "PipeServer.Platform", "PipeServer.Tls", "PipeServer.Transport"],
        ["PipeServer.Tls.SslStreams"] = [Root, "PipeServer.Tls", "PipeServer.Transport"],
        ["PipeServer.Transport"] = [],
        ["PipeServer.Transport.Epoll"] = ["PipeServer.Diagnostics", "PipeServer.Platform", "PipeServer.Transport"],
        ["PipeServer.Transport.Sockets"] = ["PipeServer.Platform", "PipeServer.Transport"],
        ["PipeServer.WebSockets"] = [Root, "PipeServer.Diagnostics", "PipeServer.Http", "PipeServer.Server"],
        ["PipeServer.Workers"] = ["PipeServer.Diagnostics", "PipeServer.Platform"],
    };

    // Room → namespaces of the platform that it may not know. Http is a function from bytes to meaning.
    private static readonly Dictionary<string, string[]> Forbidden = new()
    {
        ["PipeServer.Http"] = ["System.Net.Sockets", "System.IO", "System.Threading", "Microsoft."],
        ["PipeServer.Http.Frames"] = ["System.Net.Sockets", "System.IO", "System.Threading", "Microsoft."],
        ["PipeServer.Http.Hpack"] = ["System.Net.Sockets", "System.IO", "System.Threading", "Microsoft."],
        ["PipeServer.Server"] = ["System.Net.Sockets"],
        ["PipeServer.Transport"] = ["Microsoft.Extensions."],
        ["PipeServer.Transport.Sockets"] = ["Microsoft."],
    };

    private static readonly Assembly Library = typeof(HttpServer).Assembly;

    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(static field => (OpCode)field.GetValue(null)!)
        .ToDictionary(static code => code.Value);

    public static TheoryData<string> Rooms => [.. Allowed.Keys];

    [Fact]
    public void Every_namespace_is_a_room() =>
        Assert.Equal(Allowed.Keys.Order(), Library.GetTypes().Select(Room).OfType<string>().Distinct().Order());

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_uses_only_what_it_may(string room)
    {
        var violations = new SortedSet<string>();
        foreach (var type in Library.GetTypes().Where(type => Room(type) == room))
        {
            foreach (var used in Used(type))
            {
                if (Room(used) is { } other)
                {
                    if (other != room && !Allowed[room].Contains(other))
                    {
                        violations.Add($"{type.FullName} uses {used.FullName}");
                    }
                }
                else if (Forbidden.TryGetValue(room, out var forbidden) && forbidden.Any(prefix => (used.Namespace + ".").StartsWith(prefix)))
                {
                    violations.Add($"{type.FullName} uses {used.FullName}");
                }
            }
        }

        Assert.Empty(violations);
    }

    // Static files prove that the public API suffices: nothing internal, not even of the root room.
    [Fact]
    public void Static_files_use_the_public_api_only()
    {
        var violations = Library.GetTypes().Where(static type => Room(type) == "PipeServer.StaticFiles")
            .SelectMany(static type => UsedMembers(type))
            .Where(static member => member.DeclaringType is { } type && Room(type) == Root && !IsPublic(member))
            .Select(static member => $"{member.DeclaringType}.{member.Name}");
        Assert.Empty(violations);
    }

    // Everything else in the root is the public surface; what is put together is put together in one place.
    [Fact]
    public void Only_the_composition_names_protocols_and_transports()
    {
        string[] parts = ["PipeServer.Server.Http1", "PipeServer.Server.Http2", "PipeServer.Server.ProxyProtocol", "PipeServer.Server.Tls", "PipeServer.Tls.OpenSsl", "PipeServer.Tls.SslStreams", "PipeServer.Transport.Epoll", "PipeServer.Transport.Sockets"];
        var composers = Library.GetTypes().Where(static type => Room(type) == Root)
            .Where(type => Used(type).Any(used => parts.Contains(Room(used))))
            .Select(static type => (type.DeclaringType ?? type).Name)
            .Distinct();
        Assert.Equal(["EndpointFilters", "RunningServer"], composers.Order());
    }

    // The package moves bytes for one transport; everything else knows pipes, so that the package can be replaced or left behind.
    [Fact]
    public void Only_the_sockets_transport_uses_the_sockets_package()
    {
        const string Package = "Pipelines.Sockets.Unofficial";
        var users = Library.GetTypes()
            .Where(static type => Used(type).Any(static used => (used.Namespace + ".").StartsWith(Package + ".")))
            .Select(static type => type.Namespace)
            .Distinct();
        Assert.Equal(["PipeServer.Transport.Sockets"], users);
        Assert.DoesNotContain(typeof(OptionTable).Assembly.GetReferencedAssemblies(), static assembly => assembly.Name == Package);
    }

    private static bool IsPublic(MemberInfo member) => member switch
    {
        MethodBase method => method.IsPublic && method.DeclaringType!.IsVisible,
        FieldInfo field => field.IsPublic && field.DeclaringType!.IsVisible,
        _ => true,
    };

    private static string? Room(Type type)
    {
        while (type.HasElementType)
        {
            type = type.GetElementType()!;
        }

        return type.Assembly == Library && type.Namespace?.StartsWith(Root) == true ? type.Namespace : null;
    }

    private static HashSet<Type> Used(Type type)
    {
        var used = new HashSet<Type>();
        Add(type.BaseType);
        foreach (var implemented in type.GetInterfaces())
        {
            Add(implemented);
        }

        const BindingFlags All = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
        foreach (var field in type.GetFields(All))
        {
            Add(field.FieldType);
        }

        foreach (var method in type.GetMembers(All).OfType<MethodBase>())
        {
            AddMethod(method);
            foreach (var local in method.GetMethodBody()?.LocalVariables ?? [])
            {
                Add(local.LocalType);
            }
        }

        foreach (var member in UsedMembers(type))
        {
            Add(member as Type ?? member.DeclaringType);
            if (member is MethodBase method)
            {
                AddMethod(method);
            }
            else if (member is FieldInfo field)
            {
                Add(field.FieldType);
            }
        }

        return used;

        void AddMethod(MethodBase method)
        {
            Add((method as MethodInfo)?.ReturnType);
            foreach (var parameter in method.GetParameters())
            {
                Add(parameter.ParameterType);
            }
        }

        void Add(Type? added)
        {
            if (added is null || !used.Add(added))
            {
                return;
            }

            Add(added.HasElementType ? added.GetElementType() : null);
            foreach (var argument in added.IsGenericType ? added.GetGenericArguments() : [])
            {
                Add(argument);
            }
        }
    }

    private static IEnumerable<MemberInfo> UsedMembers(Type type)
    {
        const BindingFlags All = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
        foreach (var method in type.GetMembers(All).OfType<MethodBase>())
        {
            if (method.GetMethodBody()?.GetILAsByteArray() is not { } il)
            {
                continue;
            }

            for (var at = 0; at < il.Length;)
            {
                var value = il[at] == 0xFE ? (short)(0xFE00 | il[at + 1]) : il[at];
                var code = OpCodesByValue[value];
                at += code.Size;
                if (code.OperandType is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok)
                {
                    yield return method.Module.ResolveMember(
                        BitConverter.ToInt32(il, at),
                        method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null,
                        method.IsGenericMethod ? method.GetGenericArguments() : null)!;
                }

                at += code.OperandType switch
                {
                    OperandType.InlineNone => 0,
                    OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                    OperandType.InlineVar => 2,
                    OperandType.InlineI8 or OperandType.InlineR => 8,
                    OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(il, at)),
                    _ => 4,
                };
            }
        }
    }
}
