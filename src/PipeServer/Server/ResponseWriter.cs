using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.Win32.SafeHandles;
using PipeServer.Http;

namespace PipeServer.Server;

/// <summary>
/// The response's way to the client, which each protocol frames in its own manner: the <see cref="PipeWriter"/> that is
/// <see cref="HttpResponse.Body"/>, and what else <see cref="HttpResponse"/> asks of it.
/// </summary>
internal abstract class ResponseWriter : PipeWriter
{
    /// <summary>The request that it answers.</summary>
    public abstract Exchange Exchange { get; }

    /// <inheritdoc cref="HttpResponse.ReasonPhrase"/>
    public string? ReasonPhrase
    {
        get => Exchange.ExistingExtras?.ReasonPhrase;
        set
        {
            Exchange.Response.ThrowIfStarted();
            StatusLine.CheckReasonPhrase(value);
            Exchange.Extras.ReasonPhrase = value;
            LeaveOrdinaryWay();
        }
    }

    /// <inheritdoc cref="HttpResponse.MinDataRate"/>
    public int MinDataRate
    {
        get => Exchange.IsCarried ? Exchange.MinResponseDataRate : 0;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            if (Exchange.IsCarried)
            {
                Exchange.Extras.MinResponseDataRate = value;
            }
        }
    }

    /// <summary>True when status and headers are sent or on their way.</summary>
    public bool HasStarted { get; protected set; }

    /// <summary>What the handler has completed the body with, if it was an exception.</summary>
    public Exception? Fault { get; protected set; }

    /// <summary>True when the handler has written bytes that are held back until their number is known.</summary>
    public abstract bool HasBufferedBytes { get; }

    /// <summary>See <see cref="HttpResponse.SupportsTrailers"/>.</summary>
    public abstract bool SupportsTrailers { get; }

    /// <summary>The client cannot get trailers, whatever the handler does: they are dropped without a word.</summary>
    public abstract bool DropsTrailers { get; }

    /// <summary>Their names may be told beforehand: of HEAD, as the answer to GET would.</summary>
    public abstract bool MayAnnounceTrailers { get; }

    /// <summary>See <see cref="HttpResponse.CanUpgrade"/>.</summary>
    public abstract bool CanUpgrade { get; }

    /// <summary>How many bytes of the body the client gets of what was written so far.</summary>
    public abstract long BodyBytesSent { get; }

    /// <summary>The head or the end of the response gets what few have: a reason phrase, trailers.</summary>
    public abstract void LeaveOrdinaryWay();

    /// <summary>Callbacks wait for the start of the response, which must not start before they have ended.</summary>
    protected bool IsStartDue => Exchange.ExistingExtras is { IsStartDue: true };

    /// <summary>Calls those that wait for the start of the response.</summary>
    protected async ValueTask RunStartingAsync()
    {
        if (!IsStartDue)
        {
            return;
        }

        try
        {
            await Exchange.Extras.Hooks.RunStartingAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Fault ??= exception; // whether the handler lets it pass or not
            throw;
        }
    }

    /// <summary>The same before the connection or the stream is handed over with a status, which the callbacks see.</summary>
    protected async ValueTask RunStartingAsync(int statusCode)
    {
        var before = Exchange.Response.StatusCode;
        Exchange.Response.SetStatus(statusCode);
        try
        {
            await RunStartingAsync().ConfigureAwait(false);
        }
        finally
        {
            Exchange.Response.SetStatus(before);
        }
    }

    /// <exception cref="InvalidOperationException">There are bytes of a body, and the status has none.</exception>
    protected void ThrowIfStatusHasNoBody(long bytes)
    {
        if (bytes > 0 && !StatusLine.AllowsBody(Exchange.Response.StatusCode))
        {
            throw new InvalidOperationException($"A response with status {Exchange.Response.StatusCode} has no body.");
        }
    }

    /// <summary>What is wrong with more bytes than were promised.</summary>
    protected static InvalidOperationException LongerThan(long contentLength, long bytes) =>
        new($"The response's ContentLength is {contentLength}; the handler is writing {bytes} bytes.");

    /// <summary>See <see cref="HttpResponse.TrySend"/>; for a response that has a source.</summary>
    public bool TrySendFrom(IBodySource source, PreparedResponse prepared)
    {
        var response = Exchange.Response;
        response.ThrowIfStarted();
        if (response.ContentLength is not null || HasBufferedBytes)
        {
            throw CannotSend(prepared);
        }

        var before = response.StatusCode;
        response.SetStatus(prepared.StatusCode);
        if (TrySend(prepared, source))
        {
            return true;
        }

        response.SetStatus(before);
        return false;
    }

    /// <summary>What is wrong with the sending of a response that is encoded already.</summary>
    public InvalidOperationException CannotSend(PreparedResponse prepared) => new(
        Exchange.Response.ContentLength is not null || HasBufferedBytes
            ? "A prepared response has a length and a body of its own: Clear() what was set before."
            : $"The body of this response has a source ({prepared.Source}), which may not have it now: {nameof(TrySend)} tells.");

    /// <summary>A trailer is to be set or announced.</summary>
    /// <exception cref="ArgumentException">It must not be one.</exception>
    /// <exception cref="InvalidOperationException">The response has none.</exception>
    public void BeginTrailer(ReadOnlySpan<byte> name)
    {
        if (ResponseTrailers.IsForbidden(name))
        {
            throw new ArgumentException(
                $"{Encoding.ASCII.GetString(name)} has no meaning behind a body, and must not be a trailer (RFC 9110 §6.5.1).", nameof(name));
        }

        ThrowIfTrailersEnded();
        if (!SupportsTrailers && !DropsTrailers)
        {
            throw new InvalidOperationException(
                "This response has no trailers: it has a ContentLength, a status without a body, was encoded beforehand, or has taken the connection over.");
        }

        Exchange.Extras.HasTrailers = true;
        LeaveOrdinaryWay();
    }

    /// <summary>See <see cref="HttpResponse.DeclareTrailer"/>; before the response starts.</summary>
    public void DeclareTrailer(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var bytes = Encoding.Latin1.GetBytes(name);
        if (!Ascii.IsValid(name) || !HttpCharacters.IsToken(bytes))
        {
            throw new ArgumentException("The name of a trailer must be a token, as that of any field.", nameof(name));
        }

        BeginTrailer(bytes);
        if (MayAnnounceTrailers)
        {
            Exchange.Response.Fields.Append("Trailer"u8, bytes, KnownHeader.Other);
        }
    }

    /// <exception cref="InvalidOperationException">The response has been sent to its end.</exception>
    public void ThrowIfTrailersEnded()
    {
        if (Exchange.Extras.HasEnded)
        {
            throw new InvalidOperationException("The response has been sent to its end, and its trailers with it.");
        }
    }

    /// <summary>Writes bytes of the body, as <see cref="BuffersExtensions.Write"/> does.</summary>
    public virtual void WriteBytes(ReadOnlySpan<byte> bytes) => this.Write(bytes);

    /// <summary>Starts and ends the response with one that is encoded already.</summary>
    public abstract void Send(PreparedResponse prepared);

    /// <summary>The same with a body that is fetched first; false, with nothing written, when its source does not have it.</summary>
    public abstract bool TrySend(PreparedResponse prepared, IBodySource source);

    /// <summary>Sends a part of a file; see <see cref="HttpResponse.SendFileAsync"/>.</summary>
    public abstract ValueTask<long> SendFileAsync(SafeFileHandle file, long offset, long count, CancellationToken cancellationToken);

    /// <summary>
    /// Sends the head, and hands the connection to the handler for good, to speak another protocol on it (RFC 9110 §7.8). It ends when the
    /// handler does.
    /// </summary>
    /// <param name="statusCode">101, or the status that the other protocol begins with.</param>
    /// <exception cref="InvalidOperationException">The response has been started, or the request's body is not read to its end.</exception>
    public abstract ValueTask<IDuplexPipe> SwitchAsync(int statusCode);

    /// <summary>The same with 101, where the client has offered that; see <see cref="HttpResponse.UpgradeAsync"/>.</summary>
    public abstract ValueTask<IDuplexPipe> UpgradeAsync();

    /// <summary>Ends the response after its handler: writes what is missing.</summary>
    /// <returns>Null, or what is wrong with a response that cannot be ended any more.</returns>
    /// <exception cref="InvalidOperationException">The handler has broken a rule, and nothing is sent yet.</exception>
    public abstract string? Finish();

    /// <summary>The same before the handler has ended, and sends it; see <see cref="HttpResponse.CompleteAsync"/>. Of no effect where that is done.</summary>
    /// <exception cref="InvalidOperationException">The handler has broken a rule: what it has promised is not there.</exception>
    public async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!Exchange.IsCarried || Exchange.IsClientGone || Exchange.ExistingExtras is { HasEnded: true } or { Switched: not null })
        {
            return;
        }

        if (!HasStarted)
        {
            await RunStartingAsync().ConfigureAwait(false);
        }

        if ((Fault is null ? FinishEarly() : "its body was completed with an exception") is { } problem)
        {
            throw new InvalidOperationException($"The response cannot be completed: {problem}.");
        }

        Exchange.Extras.HasEnded = true;
        await SendEndAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the response while its handler goes on: nothing more can be written.</summary>
    /// <returns>Null, or what is wrong: then nothing has changed.</returns>
    protected abstract string? FinishEarly();

    /// <summary>Sends what <see cref="FinishEarly"/> has left to be sent.</summary>
    protected abstract ValueTask SendEndAsync(CancellationToken cancellationToken);

    /// <summary>What is wrong with a length that is not the one that was promised.</summary>
    protected static string Unkept(long promised, long written) => $"the handler promised {promised} bytes and wrote {written}";

    /// <summary>Makes it ready for the next response.</summary>
    public abstract void Reset();
}
