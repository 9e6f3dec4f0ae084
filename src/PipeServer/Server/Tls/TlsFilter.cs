using System.Buffers;
using PipeServer.Diagnostics;
using PipeServer.Http;
using PipeServer.Tls;
using PipeServer.Transport;

namespace PipeServer.Server.Tls;

/// <summary>
/// Makes the handshake of an endpoint's connections. Until it is done nothing is written in plaintext: who breaks it off, takes too long or is one
/// too many is closed without a word. But a client that begins with a method's letter has taken the port for one of plain HTTP, and is told so.
/// </summary>
internal sealed class TlsFilter(ServerContext server, Handshakes handshakes, TlsOptions options, ITlsEngine engine) : IConnectionFilter
{
    private volatile Session _session = new(options, engine);

    /// <summary>What new connections are given.</summary>
    public ITlsEngine Engine => _session.Engine;

    /// <summary>From now on, new connections are given this.</summary>
    public void Exchange(TlsOptions options, ITlsEngine engine) => _session = new Session(options, engine);

    public async ValueTask<TransportConnection?> ApplyAsync(TransportConnection transport, FilteringConnection connection)
    {
        // From the accept on, not from the first byte: a client that connects and says nothing takes a place like one that says half of it, and so half
        // of all connections stay for those that have been let in.
        if (!handshakes.TryBegin())
        {
            connection.Refuse(RequestError.TooManyHandshakes);
            return null;
        }

        var (outcome, version, started) = (HandshakeOutcome.Failed, default(TlsVersion?), server.TimeProvider.GetTimestamp());
        var io = new HandshakeIo(transport, connection.Deadlines, handshakes.Threads);
        try
        {
            var first = await io.ReadAsync(isCostly: false).ConfigureAwait(false);
            _ = new SequenceReader<byte>(first.Buffer).TryPeek(out var letter); // behind a proxy's header the first of the pieces may have nothing left
            transport.Input.AdvanceTo(first.Buffer.Start);
            if (letter is >= (byte)'A' and <= (byte)'Z')
            {
                connection.RefuseWith(RequestError.PlainHttp);
                outcome = HandshakeOutcome.Refused;
                return null;
            }

            // At once: an engine would wait for what the header of a record, which this is not, says.
            if (letter != RecordHeader.Handshake)
            {
                throw new TlsHandshakeException("what it sends is not TLS");
            }

            started = server.TimeProvider.GetTimestamp();
            var session = _session;
            var secured = session.Engine.Accept(transport);
            connection.BeginHandshake(secured);
            await secured.HandshakeAsync(io).ConfigureAwait(false);
            connection.EndHandshake();
            secured.Policy = new ClientPolicy(session.Options, secured.Info.ServerName, secured.Clients);
            (outcome, version) = (HandshakeOutcome.Completed, secured.Info.Version);
            return secured;
        }
        catch (TlsHandshakeException exception)
        {
            Log.ConnectionAborted(server.Logger, connection.Id, exception.Message);
            if (io.IsCrowdedOut)
            {
                connection.Refuse(RequestError.TooManyHandshakes);
            }

            outcome = io.IsLate ? HandshakeOutcome.TimedOut : io.IsCrowdedOut ? HandshakeOutcome.Refused : HandshakeOutcome.Failed;
            return null;
        }
        finally
        {
            handshakes.End(outcome, version, server.TimeProvider.GetElapsedTime(started));
        }
    }

    private sealed record Session(TlsOptions Options, ITlsEngine Engine);
}
