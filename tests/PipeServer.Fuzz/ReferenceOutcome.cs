namespace PipeServer.Fuzz;

/// <summary>What bytes can be.</summary>
internal enum ReferenceOutcome
{
    /// <summary>All there, and well-formed.</summary>
    Complete,

    /// <summary>Malformed, whatever follows.</summary>
    Refused,

    /// <summary>Not decided: more bytes may make it complete, or may not.</summary>
    Incomplete,
}
